// Registers, operands, addresses and the stack as instructions name them. All of it is hot code.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

enum class Intent : std::uint8_t { Read, Write };

inline constexpr std::uint64_t kAllOnes = ~0ull;

[[gnu::always_inline]] inline std::uint64_t size_mask(unsigned bytes) {
    return bytes >= 8 ? kAllOnes : (1ull << (bytes * 8)) - 1;
}

[[gnu::always_inline]] inline std::uint64_t sign_extend(std::uint64_t value, unsigned bytes) {
    const unsigned shift = 64 - bytes * 8;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << shift) >> shift);
}

[[gnu::always_inline]] inline unsigned operand_bytes(const DecodedInstruction& in) {
    return in.info.operand_width / 8u;
}

[[gnu::always_inline]] inline unsigned address_bytes(const DecodedInstruction& in) {
    return in.info.address_width / 8u;
}

// Writes as instructions do: 32-bit results clear the upper half, 8- and 16-bit ones leave the rest alone.
[[gnu::always_inline]] inline void set_gpr(GuestState& state, unsigned index, std::uint64_t value, unsigned bytes) {
    if (bytes >= 4) {
        state.gpr[index] = value & size_mask(bytes);
    } else {
        state.gpr[index] = (state.gpr[index] & ~size_mask(bytes)) | (value & size_mask(bytes));
    }
}

[[gnu::always_inline]] inline std::uint64_t get_gpr(const GuestState& state, unsigned index, unsigned bytes) {
    return state.gpr[index] & size_mask(bytes);
}

// A general-purpose register of any size by its Zydis name. RIP and EIP are not among them.
std::uint64_t read_register(const GuestState& state, ZydisRegister reg);
void write_register(GuestState& state, ZydisRegister reg, std::uint64_t value);

// The number of a segment register; DS for anything else.
x86::SegmentRegister segment_number(ZydisRegister reg);

// Address of the instruction after this one.
[[gnu::always_inline]] inline std::uint64_t next_rip(const GuestState& state, const DecodedInstruction& in) {
    const std::uint64_t next = state.rip + in.info.length;
    return state.code64() ? next : next & 0xffff'ffff;
}

// The usual end of an instruction.
[[gnu::always_inline]] inline Checked<void> advance(GuestState& state, const DecodedInstruction& in) {
    state.rip = next_rip(state, in);
    return {};
}

// The usual end of a near branch: #GP(0) where `target` cannot be executed.
Checked<void> check_near_target(const GuestState& state, std::uint64_t target);

// SDM volume 3, table 6-7: of numbers of up to 8 bytes, and of the extended ones of the x87. Vectors have their own
// rules.
[[gnu::always_inline]] inline Gva natural_alignment_mask(unsigned size) {
    if (size == 10) return 7;
    return size == 2 || size == 4 || size == 8 ? size - 1 : 0;
}

// Of gathers, scatters and VMASKMOV, as AMD's processors do; or of what has been checked.
inline constexpr Gva kNotChecked = 0;

// #AC(0) where alignment is checked and one of the bits `alignment_mask` of the linear address is set.
[[gnu::always_inline]] inline Checked<void> check_alignment(const GuestState& state, Gva address, Gva alignment_mask) {
    const bool checked = (state.rflags & x86::rflags::AC) != 0 && state.cpl == 3 && (state.cr0 & x86::cr0::AM) != 0;
    if (checked && (address & alignment_mask) != 0) return GuestFault{x86::AC_, true, 0, 0};
    return {};
}

// Segmentation (SDM volume 3, chapter 5): the linear address of `size` bytes at `offset`. #GP(0), or #SS(0) for SS.
// Then check_alignment().
Checked<Gva> linear_address(const GuestState& state, x86::SegmentRegister segment, std::uint64_t offset, unsigned size,
                            Intent intent, Gva alignment_mask);
[[gnu::always_inline]] inline Checked<Gva> linear_address(const GuestState& state, x86::SegmentRegister segment,
                                                          std::uint64_t offset, unsigned size, Intent intent) {
    return linear_address(state, segment, offset, size, intent, natural_alignment_mask(size));
}

// Offset that a memory operand addresses, in the address size of the instruction.
std::uint64_t effective_address(const GuestState& state, const DecodedInstruction& in,
                                const ZydisDecodedOperand& operand);
Checked<Gva> operand_address(const GuestState& state, const DecodedInstruction& in, unsigned index, unsigned size,
                             Intent intent, Gva alignment_mask);
[[gnu::always_inline]] inline Checked<Gva> operand_address(const GuestState& state, const DecodedInstruction& in,
                                                           unsigned index, unsigned size, Intent intent) {
    return operand_address(state, in, index, size, intent, natural_alignment_mask(size));
}

// Register, memory or immediate operand `index`, of its own size (1 to 8 bytes), immediates sign-extended.
Checked<std::uint64_t> read_operand(System& system, const DecodedInstruction& in, unsigned index);
Checked<void> write_operand(System& system, const DecodedInstruction& in, unsigned index, std::uint64_t value);

// The stack pointer's width: 64-bit code, SS.B, or 16 bits.
[[gnu::always_inline]] inline unsigned stack_bytes(const GuestState& state) {
    if (state.code64()) return 8;
    return state.segments[x86::SS].default_big() ? 4 : 2;
}

// Writes `size` bytes at RSP - size and moves RSP there; reads `size` bytes at RSP + offset without moving it.
Checked<void> push_bytes(System& system, const void* from, unsigned size);
Checked<void> push_value(System& system, std::uint64_t value, unsigned size);
Checked<void> peek_bytes(System& system, unsigned offset, void* to, unsigned size);
Checked<std::uint64_t> peek_value(System& system, unsigned offset, unsigned size);
[[gnu::always_inline]] inline void drop(GuestState& state, unsigned size) {
    set_gpr(state, x86::RSP, state.gpr[x86::RSP] + size, stack_bytes(state));
}

// Status flags of `left` - `right`, of `size` bytes; other flags unchanged.
void set_subtract_flags(GuestState& state, std::uint64_t left, std::uint64_t right, unsigned size);

}  // namespace hospes::translator
