#include "engine/translator/runtime/dirty_log.h"

#include <algorithm>

namespace hospes::translator {

Result<std::unique_ptr<cpu::DirtyLog>> DirtyLog::create(Shared& shared, LoggedPages& logged, Gpa gpa,
                                                        std::uint64_t length) {
    const std::lock_guard guard(logged.mutex);
    const cpu::PageRange range = HOSPES_TRY(logged.ranges.add(shared.ram, gpa, length));
    return std::unique_ptr<cpu::DirtyLog>(new DirtyLog(shared, logged, range));
}

DirtyLog::DirtyLog(Shared& shared, LoggedPages& logged, cpu::PageRange range)
    : shared_(shared), logged_(logged), range_(range) {
    std::vector<std::uint64_t> ignored((range.count + 63) / 64);
    begin_again(ignored);
}

// Nobody has to be stopped: a page may go back to write entries at any time.
DirtyLog::~DirtyLog() {
    const std::lock_guard guard(logged_.mutex);
    for (std::uint64_t page = 0; page < range_.count; ++page) shared_.unwritten.clear(range_.first + page);
    logged_.ranges.remove(range_);
}

// Without it, nobody has a write entry, and nobody needs to be stopped.
bool DirtyLog::any_written() const {
    for (std::uint64_t page = 0; page < range_.count; ++page) {
        if (!shared_.unwritten.holds(range_.first + page)) return true;
    }
    return false;
}

Result<void> DirtyLog::fetch(std::span<std::uint64_t> pages) {
    std::ranges::fill(pages, 0);
    if (any_written()) begin_again(pages);
    return {};
}

void DirtyLog::begin_again(std::span<std::uint64_t> pages) {
    Exclusive turn(shared_.rendezvous);
    turn.stop(kAllVcpus);
    for (std::uint64_t page = 0; page < range_.count; page += 64) {
        const auto count = static_cast<unsigned>(std::min<std::uint64_t>(64, range_.count - page));
        pages[page / 64] = ~shared_.unwritten.exchange(range_.first + page, count, true) & ~0ull >> (64 - count);
    }
    for (const auto& each : shared_.vcpus) {
        TranslatorVcpu* const vcpu = each.load(std::memory_order_relaxed);
        if (vcpu != nullptr) vcpu->watch_writes(range_.first, range_.count);
    }
}

}  // namespace hospes::translator
