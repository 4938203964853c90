#include "cpu/dirty_log.h"

#include <algorithm>

namespace hospes::cpu {

Result<PageRange> LoggedRanges::add(const memory::GuestRam& ram, Gpa gpa, std::uint64_t length) {
    if (length == 0 || ((gpa | length) & kPageMask) != 0) return Error("a dirty log is of whole pages");
    if (ram.host(gpa, length) == nullptr) return Error("a dirty log is of RAM, in one piece");
    const PageRange range{ram.page_index(gpa), length >> kPageBits};
    if (any_in(range)) return Error("a dirty log of this memory is there already");
    ranges_.push_back(range);
    return range;
}

void LoggedRanges::remove(const PageRange& range) { std::erase(ranges_, range); }

bool LoggedRanges::any_in(const PageRange& range) const {
    return std::ranges::any_of(ranges_, [&](const PageRange& each) { return each.overlaps(range); });
}

}  // namespace hospes::cpu
