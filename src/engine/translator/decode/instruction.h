// A guest instruction on its way through the stages: decode fills the first half, analysis the second.
#pragma once

#include <cstdint>

#include "engine/translator/emit/host_registers.h"
#include "engine/translator/system/system.h"

namespace hospes::translator {

// How an instruction is translated.
enum class Kind : std::uint8_t {
    Plain,    // re-emitted; at most one memory operand, through ModRM
    Nop,      // nothing to do (prefetch, ENDBR, long NOP)
    Address,  // LEA
    Push,
    Pop,
    Leave,
    Jump,
    JumpConditional,
    Loop,
    JumpIndirect,
    Call,
    CallIndirect,
    Return,
    BitString,       // BT and kin whose register operand addresses memory beyond the operand
    ReadTimestamp,   // RDTSC, RDTSCP
    ClearInterrupt,  // CLI at CPL 0
    SetInterrupt,    // STI at CPL 0
    SwapGs,          // SWAPGS at CPL 0
    PushFlags,       // PUSHFQ, PUSHFD
    String,          // LODS, STOS, SCAS, MOVS without REP, in flat segments
    ReadSegment,     // MOV register, Sreg
    AccessFlag,      // STAC, CLAC where they change the mode
    SegmentBase,     // RDFSBASE, WRFSBASE and kin in 64-bit code
    System,          // C++: system::execute
};

inline constexpr std::uint8_t kNoOperand = 0xff;

// Which probe serves a memory operand: its own, that of an earlier access through the same unmodified base, or one that
// was made before a loop's first copy.
struct Sharing {
    enum Role : std::uint8_t { Alone, First, Later, InWindow };
    Role role = Alone;
    bool write = false;      // First: the probe must permit writing
    std::uint8_t slot = 0;   // of GuestState::windows
    std::int32_t low = 0;    // First: the whole group's begin, relative to this access; InWindow: this in the window
    std::uint32_t span = 0;  // First: the whole group's size
    std::int32_t step = 0;   // InWindow: further in the window by so much in each copy
    // Alone or First: the address was just loaded, and much waits for it. This slot of GuestState::windows holds the
    // addend that the access had last, which is used if the probe finds the same one.
    std::uint8_t guess = kNoGuess;

    static constexpr std::uint8_t kNoGuess = 0xff;
};

// What classification tells of an instruction.
struct InstructionTraits {
    Kind kind = Kind::System;
    std::uint8_t memory = kNoOperand;  // index of the memory operand, for kinds with one
    bool reads_memory = false;
    bool writes_memory = false;
    bool high_byte = false;         // names AH, CH, DH or BH: no REX possible
    std::uint16_t access_size = 0;  // bytes

    // Status flags (RFLAGS positions): read; certainly overwritten or left undefined; changed at all.
    std::uint16_t flags_read = 0;
    std::uint16_t flags_killed = 0;
    std::uint16_t flags_changed = 0;
};

struct Instruction : InstructionTraits {
    DecodedInstruction decoded;
    std::uint8_t bytes[15];

    std::uint32_t stored = 0;  // Kind::System: index in the cache's SystemInstructions
    std::uint32_t offset = 0;  // from the base of the code page (4 KiB or 2 MiB)
    // Where the guest patches this instruction's constant, in host memory: it is read when the code runs.
    const std::uint8_t* constant = nullptr;

    // Analysis.
    std::uint16_t live_before = 0;  // flags needed at or after this instruction
    std::uint16_t live_after = 0;
    bool reader_ahead = false;  // live flags are consumed by an instruction of this block, not only after it
    Sharing sharing;            // of the memory operand, or of the stack slot of Push, Pop, Call, Return, Leave

    // Nothing known but that C++ has to look at it.
    void reset() {
        static_cast<InstructionTraits&>(*this) = {};
        stored = 0;
        constant = nullptr;
        decoded.admitted = true;
        decoded.too_long = false;
        sharing = {};
    }

    const ZydisDecodedInstruction& info() const { return decoded.info; }
    const ZydisDecodedOperand& operand(unsigned index) const { return decoded.operands[index]; }
    const ZydisDecodedOperand& memory_operand() const { return decoded.operands[memory]; }
    unsigned length() const { return decoded.info.length; }
    std::uint32_t end() const { return offset + length(); }
    // Offset from the code page's base of a direct branch's target; may lie outside the page.
    std::int64_t branch_target() const { return static_cast<std::int64_t>(end()) + decoded.operands[0].imm.value.s; }
};

// Flags as RFLAGS bits that translation cares for.
inline constexpr std::uint16_t kAllFlags = static_cast<std::uint16_t>(x86::rflags::kStatus);

}  // namespace hospes::translator
