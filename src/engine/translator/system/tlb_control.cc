// INVLPG, INVPCID, and the cache instructions, which have nothing to do here: RAM is coherent.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

void flush_page(System& system, Gva address) {
    // One address is all that can wait.
    if ((system.flush & kFlushPage) != 0 && system.flush_page != address) system.flush |= kFlushAll;
    system.flush |= kFlushPage;
    system.flush_page = address;
}

// What the memory operand addresses, without the checks of an access: INVLPG has none.
Gva unchecked_address(const GuestState& state, const DecodedInstruction& in, unsigned index) {
    const ZydisDecodedOperand& operand = in.operands[index];
    const x86::SegmentRegister segment = segment_number(operand.mem.segment);
    const std::uint64_t offset = effective_address(state, in, operand);
    if (!state.code64()) return (state.segments[segment].base + offset) & 0xffff'ffff;
    return segment >= x86::FS ? state.segments[segment].base + offset : offset;
}

}  // namespace

Checked<void> execute_invlpg(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (in.operands[0].type != ZYDIS_OPERAND_TYPE_MEMORY) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const Gva address = unchecked_address(state, in, 0);
    if (is_canonical(address)) flush_page(system, address);
    return advance(state, in);
}

Checked<void> execute_invpcid(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (in.operands[1].type != ZYDIS_OPERAND_TYPE_MEMORY) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const std::uint64_t type = read_register(state, in.operands[0].reg.value);
    std::uint64_t descriptor[2] = {};
    const Gva at = GUEST_TRY(operand_address(state, in, 1, sizeof descriptor, Intent::Read));
    GUEST_TRY(read_memory(system.mmu, at, descriptor, sizeof descriptor, state.access_class()));
    const std::uint64_t pcid = descriptor[0];
    const Gva address = descriptor[1];
    const bool pcids = (state.cr4 & x86::cr4::PCIDE) != 0;
    if (type > 3 || (pcid >> 12) != 0) return general_protection();
    if (type < 2 && !pcids && pcid != 0) return general_protection();
    if (type == 0 && !is_canonical(address)) return general_protection();
    // Of other PCIDs more is forgotten than asked for: that is rare, and allowed.
    const bool current = pcid == (pcids ? state.cr3 & 0xfff : 0);
    switch (type) {
        case 0:
            if (current) flush_page(system, address);
            if (!current) system.flush |= kFlushOthers;
            break;
        case 1: system.flush |= current ? kFlushNonGlobal : kFlushOthers; break;
        case 2: system.flush |= kFlushAll; break;
        default: system.flush |= kFlushNonGlobal | kFlushOthers; break;
    }
    return advance(state, in);
}

Checked<void> execute_cache_control(System& system, const DecodedInstruction& in) {
    GUEST_TRY(require_cpl0(system.state()));
    return advance(system.state(), in);
}

}  // namespace hospes::translator
