// LODS, STOS, SCAS and MOVS without REP: the host's own, with host addresses in RSI and RDI meanwhile, so that DF needs
// no look. How far they have moved is found without flags: a - b is a + ~b + 1.
#include "engine/translator/emit/block_emitter.h"

namespace hospes::translator {

using namespace x86;

namespace {

constexpr Sharing kAlone{};

// Bytes of an element: the memory operand's.
unsigned element_size(const Instruction& in) {
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        if (in.operand(i).type == ZYDIS_OPERAND_TYPE_MEMORY) return in.operand(i).size / 8u;
    }
    return 1;
}

bool is_copy(const Instruction& in) { return (in.info().opcode & 0xfe) == 0xa4; }
bool is_store(const Instruction& in) { return (in.info().opcode & 0xfe) == 0xaa; }
bool is_load(const Instruction& in) { return (in.info().opcode & 0xfe) == 0xac; }

}  // namespace

BlockEmitter::Access BlockEmitter::string_access(HostReg pointer, unsigned size, bool write) const {
    Access access;
    access.address.base = pointer;
    access.size = size;
    access.write = write;
    access.segment = pointer == RSI ? DS : ES;
    access.sharing = &kAlone;
    return access;
}

void BlockEmitter::emit_string_opcode(const Instruction& in, unsigned size) {
    if (size == 2) a_.byte(0x66);
    if (size == 8) a_.byte(0x48);
    a_.byte(in.info().opcode);
}

// `from` = `to` - `from`. The flags are the string instruction's.
void BlockEmitter::emit_difference(HostReg to, HostReg from) {
    a_.not_(from);
    a_.lea(from, at(to, from, 0, 1));
}

// Of a pointer, in the width that it has.
void BlockEmitter::emit_sum(HostReg to, HostReg one, HostReg other) {
    const HostMem sum = at(one, other, 0, 0);
    code64_ ? a_.lea(to, sum) : a_.lea32(to, sum);
}

void BlockEmitter::emit_string(const Instruction& in) {
    const unsigned size = element_size(in);
    if (is_copy(in)) return emit_string_copy(in, size);
    const HostReg pointer = is_load(in) ? RSI : RDI;
    const HostMem place = emit_access(in, string_access(pointer, size, is_store(in)));
    a_.mov(kT2, pointer);
    a_.lea(pointer, place);
    a_.mov(kT0, pointer);
    emit_string_opcode(in, size);
    emit_difference(pointer, kT0);
    emit_sum(pointer, kT2, kT0);
}

// Both addresses are found before the first byte moves.
void BlockEmitter::emit_string_copy(const Instruction& in, unsigned size) {
    const HostMem kept = at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch[kAddressSlot])));
    const HostMem from = emit_access(in, string_access(RSI, size, false));
    a_.lea(kT2, from);
    a_.store(kept, kT2);
    const HostMem to = emit_access(in, string_access(RDI, size, true));
    a_.mov(kT2, RDI);
    a_.lea(RDI, to);
    a_.mov(kT1, RDI);
    a_.mov(kT0, RSI);
    a_.load(RSI, kept);
    emit_string_opcode(in, size);
    emit_difference(RDI, kT1);
    emit_sum(RSI, kT0, kT1);
    emit_sum(RDI, kT2, kT1);
}

}  // namespace hospes::translator
