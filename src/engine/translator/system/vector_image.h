// The guest's x87, SSE and AVX registers as bytes of state.fpu, for C++ that reads or changes single ones.
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
inline constexpr unsigned kEnd = 832;
}  // namespace xsave_area

inline constexpr std::uint32_t kMxcsrInitial = 0x1f80;
inline constexpr std::uint32_t kMxcsrValid = 0xffff;  // the model's MXCSR_MASK
inline constexpr std::uint16_t kX87Masks = 0x3f;      // exception bits of FCW and of FSW
inline constexpr std::uint16_t kX87ControlInitial = 0x037f;

class VectorImage {
  public:
    // Makes state.fpu literal: what XSTATE_BV calls initial gets its initial bytes, so that any byte may be read and
    // written from then on.
    explicit VectorImage(System& system);
    VectorImage(const VectorImage&) = delete;
    VectorImage& operator=(const VectorImage&) = delete;

    std::uint8_t* xmm(unsigned index) { return bytes_ + xsave_area::kXmm + 16 * (index & 15); }
    std::uint8_t* ymm_high(unsigned index) { return bytes_ + xsave_area::kYmmHigh + 16 * (index & 15); }
    std::uint8_t* st(unsigned index) { return bytes_ + xsave_area::kStack + 16 * (index & 7); }  // stack order
    std::uint8_t* mm(unsigned index) { return st(index - top()); }  // x87 register `index`, by number

    // An XMM or YMM register whole; writing one clears the bits above `size` (16 or 32 bytes) up to 256.
    void read_vector(unsigned index, std::uint8_t* to, unsigned size);
    void write_vector(unsigned index, const std::uint8_t* from, unsigned size);

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
    // The first `count` registers of each kind; nullptr: zeroes.
    void load_xmm(const std::uint8_t* registers, unsigned count);
    void load_ymm_high(const std::uint8_t* registers, unsigned count);

  private:
    std::uint16_t word(unsigned offset) const;
    void set_word(unsigned offset, std::uint16_t value);
    void hide_host_pointers();
    bool x87_initial();

    std::uint8_t* bytes_;
    const GuestState& state_;
};

// How many vector registers the current mode has.
inline unsigned vector_count(const GuestState& state) { return state.code64() ? 16 : 8; }

// The guest address `offset` bytes into an area at `base`.
inline Gva offset_in(const GuestState& state, Gva base, unsigned offset) {
    return state.code64() ? base + offset : (base + offset) & 0xffff'ffff;
}

// Number of an XMM, YMM or MMX register.
inline unsigned vector_number(ZydisRegister reg) {
    if (reg >= ZYDIS_REGISTER_YMM0 && reg <= ZYDIS_REGISTER_YMM15) {
        return static_cast<unsigned>(reg - ZYDIS_REGISTER_YMM0);
    }
    if (reg >= ZYDIS_REGISTER_MM0 && reg <= ZYDIS_REGISTER_MM7) return static_cast<unsigned>(reg - ZYDIS_REGISTER_MM0);
    return static_cast<unsigned>(reg - ZYDIS_REGISTER_XMM0) & 15;
}

}  // namespace hospes::translator
