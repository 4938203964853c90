// The guest's x87, SSE, AVX and AVX-512 registers as bytes of state.fpu, for C++ that reads or changes single ones.
#pragma once

#include <cstdint>

#include "engine/translator/system/system.h"

namespace hospes::translator {

// Where things are in an XSAVE area (SDM volume 1, 13.4), the guest's or the host's.
namespace xsave_area {
inline constexpr unsigned kControl = 0;
inline constexpr unsigned kStatus = 2;
inline constexpr unsigned kTags = 4;  // a bit for each physical register: not empty
inline constexpr unsigned kOpcode = 6;
inline constexpr unsigned kInstructionPointer = 8;
inline constexpr unsigned kDataPointer = 16;
inline constexpr unsigned kMxcsr = 24;
inline constexpr unsigned kMxcsrMask = 28;
inline constexpr unsigned kStack = 32;  // ST(0) to ST(7), 16 bytes each
inline constexpr unsigned kXmm = 160;
inline constexpr unsigned kXmmEnd = 416;
inline constexpr unsigned kHeader = 512;
inline constexpr unsigned kHeaderSize = 64;
inline constexpr unsigned kYmmHigh = 576;
inline constexpr unsigned kEnd = 832;  // of what lies at the same place everywhere
}  // namespace xsave_area

inline constexpr std::uint32_t kMxcsrInitial = 0x1f80;
inline constexpr std::uint32_t kMxcsrValid = 0xffff;  // the model's MXCSR_MASK
inline constexpr std::uint16_t kX87Masks = 0x3f;      // exception bits of FCW and of FSW
inline constexpr std::uint16_t kX87ControlInitial = 0x037f;

class VectorImage {
  public:
    // Makes state.fpu literal: what XSTATE_BV calls initial gets its initial bytes, so that any byte may be read and
    // written from then on. AVX-512's components only when they are first asked for: few programs use them.
    explicit VectorImage(System& system);
    VectorImage(const VectorImage&) = delete;
    VectorImage& operator=(const VectorImage&) = delete;

    // Of XMM0 to XMM15 and the YMM registers with those.
    std::uint8_t* xmm(unsigned index) { return bytes_ + xsave_area::kXmm + 16 * (index & 15); }
    std::uint8_t* ymm_high(unsigned index) { return bytes_ + xsave_area::kYmmHigh + 16 * (index & 15); }
    std::uint8_t* st(unsigned index) { return bytes_ + xsave_area::kStack + 16 * (index & 7); }  // stack order
    std::uint8_t* mm(unsigned index) { return st(index - top()); }  // x87 register `index`, by number

    // An XMM, YMM or ZMM register, 0 to 31, as far as `size` bytes (16, 32 or 64); writing one clears its bits above.
    // Only for models with AVX-512: sizes of 64, registers above 15, and mask registers.
    void read_vector(unsigned index, std::uint8_t* to, unsigned size);
    void write_vector(unsigned index, const std::uint8_t* from, unsigned size);
    std::uint64_t mask(unsigned index);
    void set_mask(unsigned index, std::uint64_t value);

    std::uint16_t control() const { return word(xsave_area::kControl); }
    std::uint16_t status() const { return word(xsave_area::kStatus); }
    unsigned top() const { return (status() >> 11) & 7u; }
    std::uint8_t tags() const { return bytes_[xsave_area::kTags]; }
    std::uint32_t mxcsr() const;
    void set_mxcsr(std::uint32_t value);
    // FCW and FSW together: reserved bits are dropped, and ES and B follow from the rest. The numbered registers keep
    // their contents where the top of the stack moves.
    void set_control_and_status(std::uint16_t control, std::uint16_t status);
    void set_tags(std::uint8_t tags) { bytes_[xsave_area::kTags] = tags; }
    std::uint16_t opcode() const { return word(xsave_area::kOpcode); }
    std::uint64_t pointer(unsigned offset) const;  // kInstructionPointer or kDataPointer
    void set_pointers(std::uint16_t opcode, std::uint64_t instruction, std::uint64_t data);

    bool x87_exception_pending() const { return (status() & ~control() & kX87Masks) != 0; }
    void initialize_x87();  // FNINIT: register contents stay
    void enter_mmx();       // what any MMX instruction does to TOP and tags

    // The components not in their initial configuration, of the registers that the current mode can name.
    std::uint64_t in_use();

    // Bytes 0 to kXmmEnd as FXSAVE and XSAVE lay them out; `wide`: 64-bit pointers (REX.W).
    void store_legacy(std::uint8_t* to, bool wide);
    void load_x87(const std::uint8_t* legacy, bool wide);
    void reset_x87();  // as load_x87() of the initial configuration
    // The first `count` registers; nullptr: zeroes.
    void load_xmm(const std::uint8_t* registers, unsigned count);
    // The part of an extended component that the current mode can name, as bytes; and loading it, nullptr: zeroes.
    std::uint8_t* component(const x86::XsaveComponent& which);
    void load_component(const x86::XsaveComponent& which, const std::uint8_t* from);

  private:
    bool is_literal(std::uint64_t bit) const { return (states() & bit) != 0; }
    std::uint64_t states() const { return pointer(xsave_area::kHeader); }  // XSTATE_BV
    void set_states(std::uint64_t states);
    std::uint8_t* component(std::uint64_t bit);
    std::uint16_t word(unsigned offset) const;
    void set_word(unsigned offset, std::uint16_t value);
    void hide_host_pointers();
    bool x87_initial();

    std::uint8_t* bytes_;
    const GuestState& state_;
    const x86::XsaveLayout& layout_;
};

// How many vector registers the current mode has.
inline unsigned vector_count(const GuestState& state) { return state.code64() ? 16 : 8; }

// Bytes of an extended component that the current mode can name: outside of 64-bit mode there are 8 registers of each
// kind, and eight mask registers.
inline unsigned nameable_size(const GuestState& state, const x86::XsaveComponent& component) {
    if (state.code64() || component.bit() == x86::xcr0::OPMASK) return component.size;
    return component.bit() == x86::xcr0::Hi16_ZMM ? 0 : component.size / 2;
}

// The guest address `offset` bytes into an area at `base`.
inline Gva offset_in(const GuestState& state, Gva base, unsigned offset) {
    return state.code64() ? base + offset : (base + offset) & 0xffff'ffff;
}

// Number of an XMM, YMM, ZMM or MMX register.
inline unsigned vector_number(ZydisRegister reg) { return static_cast<unsigned>(ZydisRegisterGetId(reg)) & 31; }

}  // namespace hospes::translator
