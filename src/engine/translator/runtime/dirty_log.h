// A dirty log of the translator: cpu/dirty_log.h. No vCPU has a write entry for a page that is not in the log yet.
#pragma once

#include <memory>
#include <mutex>

#include "cpu/dirty_log.h"
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

struct LoggedPages {
    std::mutex mutex;
    cpu::LoggedRanges ranges;
};

class DirtyLog final : public cpu::DirtyLog {
  public:
    static Result<std::unique_ptr<cpu::DirtyLog>> create(Shared& shared, LoggedPages& logged, Gpa gpa,
                                                         std::uint64_t length);
    ~DirtyLog() override;
    DirtyLog(const DirtyLog&) = delete;
    DirtyLog& operator=(const DirtyLog&) = delete;

    Result<void> fetch(std::span<std::uint64_t> pages) override;

  private:
    DirtyLog(Shared& shared, LoggedPages& logged, cpu::PageRange range);

    bool any_written() const;
    void begin_again(std::span<std::uint64_t> pages);

    Shared& shared_;
    LoggedPages& logged_;
    const cpu::PageRange range_;
};

}  // namespace hospes::translator
