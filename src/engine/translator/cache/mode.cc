#include "engine/translator/cache/mode.h"

namespace hospes::translator {

using namespace x86;

namespace {

unsigned code_size_bits(const GuestState& state) {
    const Segment& cs = state.segments[CS];
    if (state.long_mode() && cs.long_mode()) return unsigned{Mode::kCode64};
    const std::uint64_t bases = cs.base | state.segments[DS].base | state.segments[ES].base | state.segments[SS].base;
    const std::uint64_t guards = state.segment_guard[DS] | state.segment_guard[ES] | state.segment_guard[SS];
    unsigned bits = cs.default_big() ? unsigned{Mode::kCode32} : 0u;  // in real mode, too, until a descriptor is loaded
    if ((bases | guards) != 0 || cs.limit != 0xffff'ffff) bits |= Mode::kSegmented;
    if (state.segments[SS].default_big()) bits |= Mode::kStack32;
    return bits;
}

unsigned privilege_bits(const GuestState& state) {
    if (state.cpl == 3) {
        const bool aligned = (state.rflags & rflags::AC) != 0 && (state.cr0 & cr0::AM) != 0;
        return Mode::kCpl3 | (aligned ? unsigned{Mode::kAlignment} : 0u);
    }
    unsigned bits = 0;
    if (state.cpl == 0) bits |= Mode::kCpl0;
    if (state.access_class() == AccessClass::SmapSupervisor) bits |= Mode::kSmap;
    return bits;
}

unsigned vector_bits(const GuestState& state) {
    unsigned bits = 0;
    if (state.cr0 & (cr0::TS | cr0::EM)) bits |= Mode::kFpuTrap;
    if (!(state.cr4 & cr4::OSFXSR)) bits |= Mode::kNoSse;
    const std::uint64_t enabled = (state.cr4 & cr4::OSXSAVE) != 0 && state.protected_mode() ? state.xcr0 : 0;
    if (!(enabled & xcr0::AVX)) bits |= Mode::kNoAvx;
    if ((enabled & xcr0::kAvx512) != xcr0::kAvx512) bits |= Mode::kNoAvx512;
    return bits;
}

}  // namespace

Mode current_mode(const GuestState& state) {
    unsigned bits = code_size_bits(state) | privilege_bits(state) | vector_bits(state) | state.watch_mode;
    if ((state.cr4 & cr4::TSD) && state.cpl != 0) bits |= Mode::kSlowTimestamp;
    if (state.rflags & rflags::TF) bits |= Mode::kSingle;
    return Mode{bits};
}

}  // namespace hospes::translator
