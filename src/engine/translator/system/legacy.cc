// XLAT, SALC and decimal arithmetic (SDM volume 2). Flags that the manual leaves undefined are those measured on an AMD
// EPYC.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

using namespace x86::rflags;

unsigned al(const GuestState& state) { return state.gpr[x86::RAX] & 0xff; }
unsigned ax(const GuestState& state) { return state.gpr[x86::RAX] & 0xffff; }
void set_al(GuestState& state, unsigned value) { set_gpr(state, x86::RAX, value, 1); }
void set_ax(GuestState& state, unsigned value) { set_gpr(state, x86::RAX, value, 2); }

// Status flags of the 8-bit sum `left` + `right`, CF and AF included.
std::uint64_t add_flags(unsigned left, unsigned right) {
    const unsigned sum = left + right;
    const unsigned result = sum & 0xff;
    std::uint64_t flags = 0;
    if (sum > 0xff) flags |= CF;
    if (((left ^ result) & (right ^ result) & 0x80) != 0) flags |= OF;
    if (((left ^ right ^ result) & 0x10) != 0) flags |= AF;
    if (result == 0) flags |= ZF;
    if ((result & 0x80) != 0) flags |= SF;
    const unsigned folded = result ^ result >> 4;
    if (((0x9669u >> (folded & 0xf)) & 1) != 0) flags |= PF;
    return flags;
}

void set_status(GuestState& state, std::uint64_t flags) { state.rflags = (state.rflags & ~kStatus) | flags; }

bool low_digit_too_large(const GuestState& state) { return (al(state) & 0xf) > 9 || (state.rflags & AF) != 0; }

// AAA and AAS; `correction` is what AX gets. SF and ZF are those of the word, PF as ever of the low byte.
void adjust_unpacked(GuestState& state, unsigned correction) {
    const bool adjust = low_digit_too_large(state);
    const unsigned result = (ax(state) + (adjust ? correction : 0)) & 0xffff;
    std::uint64_t flags = add_flags(result & 0xff, 0) & PF;
    if (adjust) flags |= AF | CF;
    if (result == 0) flags |= ZF;
    if ((result & 0x8000) != 0) flags |= SF;
    set_ax(state, result & 0xff0f);
    set_status(state, flags);
}

// AF and CF from `decimal`, the others from `binary`: what an adjustment adds to or takes from AL, as one operation.
void set_adjusted(GuestState& state, std::uint64_t binary, std::uint64_t decimal) {
    set_status(state, (binary & ~(AF | CF)) | decimal);
}

std::uint64_t subtract_flags(GuestState& state, unsigned left, unsigned right) {
    set_subtract_flags(state, left, right, 1);
    return state.rflags & kStatus;
}

}  // namespace

Checked<void> execute_xlat(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned width = address_bytes(in);
    const std::uint64_t offset = (state.gpr[x86::RBX] + al(state)) & size_mask(width);
    const x86::SegmentRegister segment = segment_number(in.operands[0].mem.segment);
    const Gva address = GUEST_TRY(linear_address(state, segment, offset, 1, Intent::Read));
    set_al(state, static_cast<unsigned>(GUEST_TRY(read_value(system.mmu, address, 1, state.access_class()))));
    return advance(state, in);
}

Checked<void> execute_salc(System& system, const DecodedInstruction& in) {
    set_al(system.state(), (system.state().rflags & CF) != 0 ? 0xff : 0);
    return advance(system.state(), in);
}

Checked<void> execute_aaa(System& system, const DecodedInstruction& in) {
    adjust_unpacked(system.state(), 0x106);
    return advance(system.state(), in);
}

Checked<void> execute_aas(System& system, const DecodedInstruction& in) {
    adjust_unpacked(system.state(), 0u - 0x106u);
    return advance(system.state(), in);
}

Checked<void> execute_aam(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned base = in.operands[0].imm.value.u & 0xff;
    if (base == 0) return GuestFault{x86::DE, false, 0, 0};
    set_ax(state, (al(state) / base) << 8 | al(state) % base);
    set_status(state, add_flags(al(state), 0));
    return advance(state, in);
}

Checked<void> execute_aad(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned base = in.operands[0].imm.value.u & 0xff;
    const unsigned tens = ((ax(state) >> 8) * base) & 0xff;
    set_status(state, add_flags(al(state), tens));
    set_ax(state, (al(state) + tens) & 0xff);
    return advance(state, in);
}

Checked<void> execute_daa(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned old = al(state);
    const bool low = low_digit_too_large(state);
    const bool high = old > 0x99 || (state.rflags & CF) != 0;
    const unsigned adjustment = (low ? 6u : 0u) + (high ? 0x60u : 0u);
    set_adjusted(state, add_flags(old, adjustment), (low ? AF : 0) | (high ? CF : 0));
    set_al(state, old + adjustment);
    return advance(state, in);
}

Checked<void> execute_das(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned old = al(state);
    const bool low = low_digit_too_large(state);
    const bool high = old > 0x99 || (state.rflags & CF) != 0;
    const bool borrow = high || (low && old < 6);
    const unsigned adjustment = (low ? 6u : 0u) + (high ? 0x60u : 0u);
    set_adjusted(state, subtract_flags(state, old, adjustment), (low ? AF : 0) | (borrow ? CF : 0));
    set_al(state, old - adjustment);
    return advance(state, in);
}

}  // namespace hospes::translator
