#include "engine/translator/analyze/analyze.h"

namespace hospes::translator {

void analyze_flags(std::span<Instruction> block) {
    std::uint16_t live = kAllFlags;
    std::uint16_t consumed = 0;  // the part of `live` that an instruction of the block reads
    for (std::size_t i = block.size(); i-- > 0;) {
        Instruction& in = block[i];
        in.live_after = live;
        const auto surviving = static_cast<std::uint16_t>(live & ~in.flags_killed);
        // What changes some flags and lets others through needs those in place, as a reader does.
        const bool passes_through = in.flags_changed != 0 && surviving != 0;
        const bool reads_all = in.kind == Kind::JumpConditional || in.kind == Kind::Loop || in.kind == Kind::System;
        live = static_cast<std::uint16_t>(surviving | in.flags_read | (reads_all ? kAllFlags : 0));
        consumed = static_cast<std::uint16_t>((consumed & ~in.flags_killed) | in.flags_read);
        if (passes_through || in.kind == Kind::JumpConditional || in.kind == Kind::Loop) consumed = kAllFlags;
        in.live_before = live;
        in.reader_ahead = consumed != 0;
    }
}

}  // namespace hospes::translator
