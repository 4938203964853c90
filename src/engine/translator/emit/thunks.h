// The hand-made code around blocks: into translated code, out of it, and the slow path of the TLB probes.
#pragma once

#include <cstdint>

#include "engine/translator/decode/lanes.h"
#include "engine/translator/emit/assembler.h"
#include "engine/translator/guest_state.h"

namespace hospes::translator {

// Why translated code came back to the dispatcher. All guest state is in the GuestState then.
enum class CodeExit : std::uint32_t {
    Link,       // exit_record: ExitIndex of a direct exit that is not linked (or whose check failed)
    Indirect,   // exit_target: guest virtual address; exit_record: see indirect_record()
    System,     // exit_record: an instruction for C++: CodeCache::system_instruction() << 32 | offset from page_base
    Resume,     // exit_record: offset from page_base to go on at, after looking at what asked for attention
    Slow,       // the slow path of a memory access decided; the vCPU has the details
    HostFault,  // a host signal was turned into a guest fault; the vCPU has the details
};

// What the slow path is told of the access, in T2.
struct AccessInfo {
    static constexpr unsigned kSizeBits = 9;
    static constexpr unsigned kAlignmentShift = 9;  // log2 of what is demanded; 0 outside of Mode::kAlignment
    enum Bit : std::uint32_t {
        kWrite = 1u << 12,       // the access writes
        kNeedsWrite = 1u << 13,  // the probe demands write permission (a later access of the group writes)
        kShared = 1u << 14,      // the range covers several accesses: on any trouble go on instruction by instruction
        kHostFlags = 1u << 15,   // status flags are live in RFLAGS
        kStack = 1u << 16,       // refill the stack window
        kX87 = 1u << 17,         // a pending x87 exception comes before the access
    };
    static constexpr unsigned kClassShift = 18;
    static constexpr unsigned kSegmentShift = 20;  // x86::SegmentRegister
    // Lanes, where what their mask leaves out must not fault; else the mask's number is 0.
    static constexpr unsigned kMaskShift = 23, kElementShift = 26, kCountShift = 28;
    static constexpr std::uint32_t kPacked = 1u << 31;
    static constexpr std::uint32_t kLanes = ~std::uint32_t{0} << kMaskShift;

    static std::uint32_t of(const Lanes& lanes) {
        return std::uint32_t{lanes.mask} << kMaskShift | std::uint32_t{lanes.element_log} << kElementShift |
               std::uint32_t{lanes.count_log} << kCountShift | (lanes.packed ? kPacked : 0);
    }
    // In bytes, a power of two.
    static std::uint32_t alignment(unsigned bytes) {
        return static_cast<std::uint32_t>(__builtin_ctz(bytes)) << kAlignmentShift;
    }
    // The bits of an address that must be clear.
    [[gnu::always_inline]] static std::uint64_t alignment_mask(std::uint32_t info) {
        return (1u << (info >> kAlignmentShift & 7)) - 1;
    }
    [[gnu::always_inline]] static Lanes lanes(std::uint32_t info) {
        return {static_cast<std::uint8_t>(info >> kMaskShift & 7), static_cast<std::uint8_t>(info >> kElementShift & 3),
                static_cast<std::uint8_t>(info >> kCountShift & 7), (info & kPacked) != 0};
    }
};

// With an indirect exit, so that a jump to where no code can be faults as if it had not happened: the offset of the
// instruction from page_base, and what it added to RSP.
inline std::uint64_t indirect_record(std::uint32_t offset, std::int64_t added) {
    return static_cast<std::uint64_t>(added) << 32 | offset;
}

// The slow path's answer: an addend (a multiple of the page size, so bit 0 is clear), or one of these.
inline constexpr std::uint64_t kSlowExit = 1;  // leave the block
inline constexpr std::uint64_t kSlowJump = 3;  // go on at exit_target with the instruction at page_base + exit_record

// Called with general registers only: (state, guest address, access info, host address after the call).
using SlowPath = std::uint64_t (*)(GuestState*, std::uint64_t, std::uint32_t, std::uint64_t);

struct Thunks {
    // Addresses in the executable mapping.
    const std::uint8_t* enter = nullptr;  // CodeExit (*)(GuestState*, const void* code), code = entry_saved
    const std::uint8_t* exit_saved[6] =
        {};                                 // by CodeExit, flags in saved_flags; T0 = the exit's value (T2: the second)
    const std::uint8_t* exit_host[6] = {};  // by CodeExit, flags in RFLAGS
    // T0 = address, T2 = info; gives T1 = addend. By whether status flags are live in RFLAGS (AccessInfo::kHostFlags).
    const std::uint8_t* slow_path[2] = {};
    const std::uint8_t* jump_cache_miss = nullptr;  // a jump cache miss; T0 = target, T2 = indirect_record()
};

// Emits the thunks at the assembler's cursor.
Thunks emit_thunks(Assembler& assembler, SlowPath slow_path);

// Offset of a GuestState field, for emitted code.
#define STATE(field) at(kState, static_cast<std::int64_t>(offsetof(GuestState, field)))
inline HostMem gpr_slot(unsigned guest) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, gpr) + guest * 8));
}

// Status flags: RFLAGS to saved_flags and back. Both keep all registers but T0.
void emit_save_flags(Assembler& assembler);
void emit_restore_flags(Assembler& assembler);

}  // namespace hospes::translator
