// What the engine keeps of a translated block. Offsets into the code memory are 32 bits wide.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "engine/translator/cache/index_list.h"
#include "engine/translator/cache/mode.h"

namespace hospes::translator {

using CodeOffset = std::uint32_t;  // from the start of the code memory
using BlockIndex = std::uint32_t;  // into CodeCache's blocks; 0 = none
using ExitIndex = std::uint32_t;   // into CodeCache's exits; 0 = none

// Where in the host code of a block which guest instruction is being executed. Sorted by host offset.
struct CodePoint {
    static constexpr std::uint16_t kFlagsSaved = 0x8000;  // in `guest`; a block is far shorter than that

    std::uint16_t host;   // from the block's begin; cold code counts on from its end
    std::uint16_t guest;  // from the block's first instruction; kFlagsSaved: status flags are in saved_flags
};

// What a CodePoint says of a host address. Without `flags_saved` the status flags are in RFLAGS, or dead.
struct CodePosition {
    std::uint16_t guest_offset;
    bool flags_saved;
};

// A direct way out of a block. Until it is linked, its jump leads to a stub that asks the dispatcher.
struct ExitRecord {
    std::int64_t target;  // offset from the source's page base; outside of the page for a checked exit
    BlockIndex source;
    BlockIndex linked;       // 0: not linked
    ListLinks incoming;      // in the list of the exits that lead to `linked`
    CodeOffset jump;         // position of the jump's rel32
    CodeOffset stub;         // where it leads when not linked
    CodeOffset frame_check;  // checked exits: position of the imm32 to compare the code TLB's frame with
    bool changes_access;     // by STAC or CLAC: the target's mode is the other one by kSmap
    bool checked;            // the target lies in another page: a check guards the jump
    bool flags_saved;        // status flags are in GuestState::saved_flags at the jump
};

struct Block {
    Gpa gpa;  // of the first instruction
    Mode mode;
    std::uint32_t page_offset;  // of the first instruction, in its code page (4 KiB or 2 MiB)
    std::uint16_t guest_length;
    std::uint16_t instructions;
    bool valid;
    bool flags_live_in;
    Gpa guard_begin, guard_end;  // bytes it was made from, look-ahead included; in at most two RAM pages
    Gpa straddled;               // frame of the second page if the only instruction straddles, else ~0

    CodeOffset begin, end;
    CodeOffset cold_begin, cold_end;  // what runs seldom: probes that failed, exits not linked
    CodeOffset entry;                 // status flags in RFLAGS
    CodeOffset entry_saved;           // status flags in GuestState::saved_flags
    CodeOffset entry_indirect;        // the same; T0 holds the guest address, page_base is stale

    BlockIndex next_in_bucket;
    ListLinks in_page[2];  // in the lists of the RAM pages that it was made from
    ExitIndex first_exit;  // `exit_count` consecutive records
    std::uint16_t exit_count;
    std::uint16_t point_count;
    std::uint32_t first_point;
    ExitIndex first_incoming;  // of the exits that lead here
};

inline constexpr Gpa kNotStraddled = ~0ull;

}  // namespace hospes::translator
