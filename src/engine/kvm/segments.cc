#include "engine/kvm/segments.h"

namespace hospes::kvm {

kvm_segment to_kvm(const x86::Segment& from) {
    kvm_segment to{};
    to.base = from.base;
    to.limit = from.limit;
    to.selector = from.selector;
    const auto bit = [&](unsigned number) { return static_cast<std::uint8_t>((from.attributes >> number) & 1); };
    to.type = static_cast<std::uint8_t>(from.type());
    to.s = bit(4);
    to.dpl = static_cast<std::uint8_t>(from.dpl());
    to.present = bit(7);
    to.avl = bit(12);
    to.l = bit(13);
    to.db = bit(14);
    to.g = bit(15);
    to.unusable = from.unusable();
    return to;
}

x86::Segment from_kvm(const kvm_segment& from) {
    x86::Segment to;
    to.base = from.base;
    to.limit = from.limit;
    to.selector = from.selector;
    if (from.unusable != 0) return to;
    to.attributes = static_cast<std::uint16_t>(from.type | from.s << 4 | from.dpl << 5 | from.present << 7 |
                                               from.avl << 12 | from.l << 13 | from.db << 14 | from.g << 15);
    return to;
}

}  // namespace hospes::kvm
