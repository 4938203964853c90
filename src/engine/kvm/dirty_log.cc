#include "engine/kvm/dirty_log.h"

#include <algorithm>
#include <bit>

namespace hospes::kvm {

class DirtyLogs::Log final : public cpu::DirtyLog {
  public:
    Log(DirtyLogs& logs, cpu::PageRange range) : logs_(logs), range_(range) {}
    ~Log() override { logs_.end(range_); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    Result<void> fetch(std::span<std::uint64_t> pages) override { return logs_.fetch(range_, pages); }

  private:
    DirtyLogs& logs_;
    const cpu::PageRange range_;
};

Result<std::unique_ptr<DirtyLogs>> DirtyLogs::create(const MemorySlots& slots, const memory::GuestRam& ram) {
    auto written = HOSPES_TRY(memory::PageBits::create(ram.page_count()));
    return std::unique_ptr<DirtyLogs>(new DirtyLogs(slots, ram, std::move(written)));
}

DirtyLogs::DirtyLogs(const MemorySlots& slots, const memory::GuestRam& ram, memory::PageBits written)
    : ram_(ram), slots_(slots), written_(std::move(written)) {}

void DirtyLogs::note_pages(Gpa gpa, std::uint64_t length) {
    if (length == 0 || ram_.host(gpa, length) == nullptr) return;
    const std::uint64_t last = ram_.page_index(gpa + length - 1);
    for (std::uint64_t page = ram_.page_index(gpa); page <= last; ++page) written_.set(page);
}

Result<std::unique_ptr<cpu::DirtyLog>> DirtyLogs::begin(Gpa gpa, std::uint64_t length) {
    const std::lock_guard guard(mutex_);
    const cpu::PageRange range = HOSPES_TRY(ranges_.add(ram_, gpa, length));
    if (auto started = start(range); !started.ok()) {
        ranges_.remove(range);
        return started.take_error();
    }
    any_.store(true, std::memory_order_release);
    return std::unique_ptr<cpu::DirtyLog>(new Log(*this, range));
}

// Empty, whatever an earlier log, or one of other pages of the slot, has left behind.
Result<void> DirtyLogs::start(const cpu::PageRange& range) {
    HOSPES_TRY(slots_.set_logged(slots_.slot_of(range.first), true));
    HOSPES_TRY(collect(range));
    for (std::uint64_t page = 0; page < range.count; ++page) written_.clear(range.first + page);
    return {};
}

// Takes what KVM has logged of the range.
Result<void> DirtyLogs::collect(const cpu::PageRange& range) {
    const MemorySlots::Slot& slot = slots_.slot_of(range.first);
    const std::uint64_t begin = range.first - slot.first, end = begin + range.count, first = begin / 64;
    std::vector<std::uint64_t> bits((end + 63) / 64 - first, ~0ull);
    bits.front() &= ~0ull << begin % 64;
    bits.back() &= ~0ull >> (63 - (end - 1) % 64);
    HOSPES_TRY(slots_.fetch(slot, first, bits));
    for (std::size_t i = 0; i < bits.size(); ++i) {
        for (std::uint64_t left = bits[i]; left != 0; left &= left - 1) {
            written_.set(slot.first + (first + i) * 64 + static_cast<unsigned>(std::countr_zero(left)));
        }
    }
    return {};
}

Result<void> DirtyLogs::fetch(const cpu::PageRange& range, std::span<std::uint64_t> pages) {
    const std::lock_guard guard(mutex_);
    HOSPES_TRY(collect(range));
    std::ranges::fill(pages, 0);
    for (std::uint64_t page = 0; page < range.count; page += 64) {
        const auto count = static_cast<unsigned>(std::min<std::uint64_t>(64, range.count - page));
        pages[page / 64] = written_.exchange(range.first + page, count, false);
    }
    return {};
}

void DirtyLogs::end(const cpu::PageRange& range) {
    const std::lock_guard guard(mutex_);
    ranges_.remove(range);
    MemorySlots::Slot& slot = slots_.slot_of(range.first);
    if (ranges_.any_in({slot.first, slot.count})) return;
    static_cast<void>(slots_.set_logged(slot, false));  // if KVM will not, it goes on to log for nobody
    any_.store(ranges_.any_in({0, ram_.page_count()}), std::memory_order_release);
}

}  // namespace hospes::kvm
