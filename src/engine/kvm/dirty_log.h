// The dirty logs of a VM of KVM (cpu/dirty_log.h): KVM's own for what vCPUs write, and what we are told of devices.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "cpu/dirty_log.h"
#include "engine/kvm/memory_slots.h"
#include "memory/page_bits.h"

namespace hospes::kvm {

class DirtyLogs {
  public:
    // Both outlive this. Errors: no address space.
    static Result<std::unique_ptr<DirtyLogs>> create(const MemorySlots& slots, const memory::GuestRam& ram);

    Result<std::unique_ptr<cpu::DirtyLog>> begin(Gpa gpa, std::uint64_t length);
    // A device wrote there. Any thread.
    void note_written(Gpa gpa, std::uint64_t length) {
        if (any_.load(std::memory_order_acquire)) note_pages(gpa, length);
    }

  private:
    class Log;

    DirtyLogs(const MemorySlots& slots, const memory::GuestRam& ram, memory::PageBits written);

    void note_pages(Gpa gpa, std::uint64_t length);
    Result<void> start(const cpu::PageRange& range);
    Result<void> collect(const cpu::PageRange& range);
    Result<void> fetch(const cpu::PageRange& range, std::span<std::uint64_t> pages);
    void end(const cpu::PageRange& range);

    const memory::GuestRam& ram_;
    std::mutex mutex_;
    MemorySlots slots_;
    cpu::LoggedRanges ranges_;
    std::atomic<bool> any_{false};  // log is there
    memory::PageBits written_;      // of logged pages: by devices, and what was collected of KVM
};

}  // namespace hospes::kvm
