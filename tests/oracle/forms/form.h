// An instruction form: one entry of the instruction set's encoding space with its register and immediate fields open.
#pragma once

#include <Zydis/Zydis.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hospes::oracle {

// What a register field of an encoding selects.
enum class FieldKind : std::uint8_t { None, Gpr8, Gpr, Mmx, Vector, Mask, St, Segment };

// The fields that an instance fills in.
enum Field : std::uint8_t { FieldReg, FieldRm, FieldOpcode, FieldVvvv, FieldIs4, kFieldCount };

enum class Group : std::uint8_t {
    IntAlu,
    IntMulDiv,
    ShiftRotate,
    Bit,
    Bmi,
    MovExtend,
    CmovSetcc,
    String,
    Stack,
    ControlFlow,
    Atomic,
    Flags,
    Privileged,
    X87,
    FpuEnv,
    Mmx,
    Sse,
    Sse2,
    Sse34,
    Crypto,
    Avx,
    Avx2,
    Fma,
    F16c,
    Mask,
    Avx512,
    Avx512More,
    Compat32,
    Invalid,
    kCount,
    None = kCount,
};
inline constexpr unsigned kGroupCount = static_cast<unsigned>(Group::kCount);

struct GroupInfo {
    const char* name;
    unsigned floor;  // fewer forms than this fail the test: the generator lost some
};
const GroupInfo& group_info(Group group);
// Group::None if there is no such group.
Group find_group(const std::string& name);

struct Form {
    // Encoding
    bool compat = false;  // 32-bit code
    bool vex = false;
    bool evex = false;
    bool vex3 = false;     // needs the long prefix
    std::uint8_t map = 0;  // 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A
    std::uint8_t opcode = 0;
    bool operand_size = false;  // 66
    bool address_size = false;  // 67
    std::uint8_t repeat = 0;    // F2, F3 or 0
    bool lock = false;
    bool w = false;
    bool l = false;           // VEX.L
    std::uint8_t pp = 0;      // VEX.pp, EVEX.pp
    std::uint8_t ll = 0;      // EVEX.L'L: the vector length, or how to round
    bool b = false;           // EVEX.b: broadcast; rounding, no exceptions
    bool masked = false;      // a mask register may be named...
    bool needs_mask = false;  // ...or must be
    bool has_modrm = false;
    bool memory = false;  // the r/m field is a memory operand
    bool vsib = false;
    bool moffs = false;
    std::uint8_t fixed_reg = 0, fixed_rm = 0;  // where the fields are part of the opcode
    std::array<FieldKind, kFieldCount> fields{};
    std::uint8_t immediate_bytes = 0;  // all immediates together
    bool relative = false;             // the immediate is a branch displacement
    std::vector<std::uint8_t> raw;     // Group::Invalid: the bytes, as they are

    // Meaning
    ZydisMnemonic mnemonic = ZYDIS_MNEMONIC_INVALID;
    Group group = Group::None;
    std::string signature;            // "add r32, m32", "lock xadd m8, r8": what counts as one form
    std::uint16_t memory_bytes = 0;   // of the explicit operand
    std::uint32_t flags_written = 0;  // changed or left undefined
    std::uint32_t flags_undefined = 0;
    std::uint32_t flags_read = 0;
};

// Everything that decodes, is admitted by the default CPU model and may run in user mode. In a fixed order.
std::vector<Form> enumerate_forms(bool compat);

// Opcodes that are none in 64-bit code.
std::vector<Form> enumerate_invalid_forms();

// Number of different signatures.
unsigned count_signatures(const std::vector<const Form*>& forms);

}  // namespace hospes::oracle
