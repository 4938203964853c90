#include "engine/translator/emit/thunks.h"

namespace hospes::translator {

using namespace x86;

namespace {

constexpr HostReg kCalleeSaved[] = {RBX, RBP, R12, R13, R14, R15};
// Guest registers in host registers that a C++ call may clobber.
constexpr HostReg kCallerSaved[] = {RAX, RCX, RDX, RSI, RDI, R8};
constexpr unsigned kExits = 6;

void load_guest_registers(Assembler& a) {
    for (unsigned guest = 0; guest < kGprCount; ++guest) {
        if (host_register(guest) != kNoReg) a.load(host_register(guest), gpr_slot(guest));
    }
}

void store_guest_registers(Assembler& a) {
    for (unsigned guest = 0; guest < kGprCount; ++guest) {
        if (host_register(guest) != kNoReg) a.store(gpr_slot(guest), host_register(guest));
    }
}

void emit_enter(Assembler& a) {
    for (HostReg reg : kCalleeSaved) a.push(reg);
    a.store(at(RDI, offsetof(GuestState, host_stack)), RSP);
    a.store(at(RDI, offsetof(GuestState, exit_target)), RSI);
    a.mov(RSP, RDI);
    // DF is the one flag outside saved_flags that lives in RFLAGS.
    a.load32(RAX, STATE(rflags));
    a.alu32_imm(kAnd, RAX, static_cast<std::int32_t>(rflags::DF));
    const Jump forward = a.jcc_short(kE);
    a.std_();
    a.bind(forward);
    load_guest_registers(a);
    a.load(kT0, STATE(rip));  // for entries that take it as a jump's target
    a.jmp_mem(STATE(exit_target));
}

// Stores the registers, returns `kind` from the call of enter.
void emit_leave(Assembler& a, CodeExit kind) {
    store_guest_registers(a);
    a.pushfq();
    a.pop_mem(STATE(host_rflags));
    a.cld();
    a.load(RSP, STATE(host_stack));
    for (unsigned i = 6; i-- > 0;) a.pop(kCalleeSaved[i]);
    a.load_imm(RAX, static_cast<std::uint32_t>(kind));
    a.ret();
}

void emit_exit_value(Assembler& a, CodeExit kind) {
    if (kind == CodeExit::Indirect) {
        a.store(STATE(exit_target), kT0);
        a.store(STATE(exit_record), kT2);
    } else {
        a.store(STATE(exit_record), kT0);
    }
}

// Bytes between RSP and the state in the slow path: the return address, and the flags or what keeps RSP aligned.
constexpr std::int64_t kToState = 16;

HostMem slow_slot(HostReg reg) {
    return at(RSP, kToState + static_cast<std::int64_t>(offsetof(GuestState, gpr)) + reg * 8);
}

// A field of GuestState in the slow path; `index`: a register to be added, or kNoReg.
HostMem slow_state(std::size_t field, HostReg index = kNoReg) {
    return at(RSP, index, 0, kToState + static_cast<std::int64_t>(field));
}

HostMem victim_field(std::size_t field) { return slow_state(offsetof(GuestState, victims) + field, kT1); }

// T1 += the access class times 2^`shift`. Clobbers RAX.
void emit_add_class(Assembler& a, unsigned shift) {
    a.rorx(RAX, kT2, AccessInfo::kClassShift);
    a.alu32_imm(kAnd, RAX, 3);
    a.shl32(RAX, shift);
    a.alu(kAdd, kT1, RAX);
}

// RAX is the access's offset in the page that an entry is for: whether all of it lies in that page. Clobbers RCX.
struct InPage {
    Jump other_page, crosses;
};
InPage emit_in_page(Assembler& a) {
    InPage misses;
    a.alu_imm(kCmp, RAX, kPageSize);
    misses.other_page = a.jcc_short(kAE);
    a.mov32(RCX, kT2);
    a.alu32_imm(kAnd, RCX, (1 << AccessInfo::kSizeBits) - 1);
    a.alu(kAdd, RCX, RAX);
    a.alu_imm(kCmp, RCX, kPageSize);
    misses.crosses = a.jcc_short(kA);
    return misses;
}

// The stack window knows one page; looks in the table for the page of T0. As emit_victim_lookup(), but for `impatient`:
// it is time for C++ to move the window.
Jump emit_stack_lookup(Assembler& a, Jump& impatient) {
    constexpr unsigned kTableBits = kTlbBits + 5;
    static_assert(sizeof(TlbTable) == 1u << kTableBits);
    a.test32_imm(kT2, AccessInfo::kStack);
    const Jump not_stack = a.jcc_short(kE);
    a.alu32_mem_imm(kSub, slow_state(offsetof(GuestState, stack_patience)), 1);
    impatient = a.jcc(kB);
    a.rorx(kT1, kT0, kPageBits - 5);
    a.alu32_imm(kAnd, kT1, (kTlbEntries - 1) << 5);
    emit_add_class(a, kTableBits);
    a.mov(RAX, kT0);
    a.alu(kAdd, RAX, slow_state(offsetof(GuestState, tlb) + offsetof(TlbEntry, write_tag), kT1));
    const InPage misses = emit_in_page(a);
    a.load(kT1, slow_state(offsetof(GuestState, tlb) + offsetof(TlbEntry, addend), kT1));
    const Jump found = a.jmp();
    a.bind(not_stack);
    a.bind(misses.other_page);
    a.bind(misses.crosses);
    return found;
}

// Looks among the victims for the page of T0; if it is there, T1 = addend, and the jump that is returned is taken with
// RAX and RCX still in their slots.
Jump emit_victim_lookup(Assembler& a) {
    a.rorx(kT1, kT0, kPageBits - 5);
    a.rorx(RAX, kT0, kPageBits + kVictimShift - 5);
    a.alu32(kXor, kT1, RAX);
    a.alu32_imm(kAnd, kT1, (kVictimEntries - 1) << 5);
    emit_add_class(a, kVictimBits + 5);
    a.mov(RAX, kT0);
    a.test32_imm(kT2, AccessInfo::kNeedsWrite);
    const Jump reads = a.jcc_short(kE);
    a.alu(kAdd, RAX, victim_field(offsetof(TlbEntry, write_tag)));
    const Jump tagged = a.jmp_short();
    a.bind(reads);
    a.alu(kAdd, RAX, victim_field(offsetof(TlbEntry, read_tag)));
    a.bind(tagged);
    const InPage misses = emit_in_page(a);
    a.load(kT1, victim_field(offsetof(TlbEntry, addend)));
    const Jump found = a.jmp();
    a.bind(misses.other_page);
    a.bind(misses.crosses);
    return found;
}

// If the range of several accesses runs over the page's end, and it is known where the block goes on without shared
// probes: T1 = that code, T2 = the offset of its first instruction, and the jump that is returned is taken with RAX and
// RCX still in their slots.
Jump emit_twin_lookup(Assembler& a) {
    a.test32_imm(kT2, AccessInfo::kShared);
    const Jump alone = a.jcc_short(kE);
    a.mov32(RAX, kT0);
    a.alu32_imm(kAnd, RAX, kPageMask);
    a.mov32(RCX, kT2);
    a.alu32_imm(kAnd, RCX, (1 << AccessInfo::kSizeBits) - 1);
    a.alu32(kAdd, RAX, RCX);
    a.alu32_imm(kCmp, RAX, kPageSize);
    const Jump in_page = a.jcc_short(kBE);
    a.load(RAX, at(RSP, 8));
    a.rorx(kT1, RAX, 3);
    a.rorx(RCX, RAX, 15);
    a.alu32(kXor, RCX, kT1);
    a.alu32_imm(kAnd, RCX, (1 << kTwinBits) - 1);
    static_assert(sizeof(PlainTwin) == 32);
    a.shl32(RCX, 5);
    const auto field = [](std::size_t offset) { return slow_state(offsetof(GuestState, twins) + offset, RCX); };
    a.alu(kCmp, RAX, field(offsetof(PlainTwin, host_pc)));
    const Jump unknown = a.jcc_short(kNE);
    a.alu32_mem_imm(kSub, field(offsetof(PlainTwin, failures_left)), 1);
    const Jump many = a.jcc_short(kB);
    a.load(kT1, field(offsetof(PlainTwin, host_code)));
    a.load32(kT2, field(offsetof(PlainTwin, page_offset)));
    const Jump found = a.jmp();
    for (const Jump& other : {alone, in_page, unknown, many}) a.bind(other);
    return found;
}

void emit_slow_path(Assembler& a, const Thunks& thunks, SlowPath slow_path, bool host_flags) {
    if (host_flags) {
        a.pushfq();
    } else {
        a.lea(RSP, at(RSP, -8));
    }
    for (HostReg reg : {RAX, RCX}) a.store(slow_slot(reg), reg);
    const Jump twin = emit_twin_lookup(a);
    Jump impatient;
    const Jump on_stack = emit_stack_lookup(a, impatient);
    const Jump found = emit_victim_lookup(a);
    a.bind(impatient);
    if (!host_flags) {  // DF is the guest's even so
        a.pushfq();
        a.pop_mem(at(RSP));
    }
    a.cld();
    for (HostReg reg : kCallerSaved) {
        if (reg != RAX && reg != RCX) a.store(slow_slot(reg), reg);
    }
    a.lea(RDI, at(RSP, kToState));
    a.mov(RSI, kT0);
    a.mov32(RDX, kT2);
    a.load(RCX, at(RSP, 8));
    a.call_absolute(reinterpret_cast<const void*>(slow_path), RAX);
    a.mov(kT1, RAX);
    for (HostReg reg : kCallerSaved) {
        if (reg != RAX && reg != RCX) a.load(reg, slow_slot(reg));
    }
    if (!host_flags) {
        a.load32(kT2, at(RSP));
        a.test32_imm(kT2, static_cast<std::uint32_t>(rflags::DF));
        const Jump forward = a.jcc_short(kE);
        a.std_();
        a.bind(forward);
    }
    a.bind(on_stack);
    a.bind(found);
    for (HostReg reg : {RAX, RCX}) a.load(reg, slow_slot(reg));
    a.test32_imm(kT1, kSlowExit);
    const Jump leave = a.jcc(kNE);
    const auto drop = [&] { host_flags ? a.popfq() : a.lea(RSP, at(RSP, 8)); };
    drop();
    a.ret();
    a.bind(leave);
    a.test32_imm(kT1, kSlowJump & ~kSlowExit);
    const Jump jump = a.jcc(kNE);
    drop();
    a.lea(RSP, at(RSP, 8));
    const auto exit = static_cast<unsigned>(CodeExit::Slow);
    a.jmp_to(host_flags ? thunks.exit_host[exit] : thunks.exit_saved[exit]);
    a.bind(twin);
    for (HostReg reg : {RAX, RCX}) a.load(reg, slow_slot(reg));
    const Jump known = a.jmp_short();
    a.bind(jump);
    a.load(kT1, slow_state(offsetof(GuestState, exit_target)));
    a.load32(kT2, slow_state(offsetof(GuestState, exit_record)));
    a.bind(known);
    drop();
    a.lea(RSP, at(RSP, 8));
    if (host_flags) emit_save_flags(a);
    a.load(kT0, STATE(page_base));
    a.lea(kT0, at(kT0, kT2, 0, 0));
    a.jmp_reg(kT1);
}

}  // namespace

void emit_save_flags(Assembler& a) {
    a.mov(kT0, RAX);
    a.lahf();
    a.seto_al();
    a.store16(STATE(saved_flags), RAX);
    a.mov(RAX, kT0);
}

void emit_restore_flags(Assembler& a) {
    a.mov(kT0, RAX);
    a.movzx16(RAX, STATE(saved_flags));
    a.add_al(127);  // overflows if AL is 1
    a.sahf();
    a.mov(RAX, kT0);
}

Thunks emit_thunks(Assembler& a, SlowPath slow_path) {
    Thunks thunks;
    thunks.enter = a.here();
    emit_enter(a);
    for (unsigned kind = 0; kind < kExits; ++kind) {
        thunks.exit_host[kind] = a.here();
        emit_exit_value(a, static_cast<CodeExit>(kind));
        emit_save_flags(a);
        const Jump joined = a.jmp();
        thunks.exit_saved[kind] = a.here();
        emit_exit_value(a, static_cast<CodeExit>(kind));
        a.bind(joined);
        emit_leave(a, static_cast<CodeExit>(kind));
    }
    thunks.jump_cache_miss = thunks.exit_saved[static_cast<unsigned>(CodeExit::Indirect)];
    for (const bool host_flags : {false, true}) {
        thunks.slow_path[host_flags] = a.here();
        emit_slow_path(a, thunks, slow_path, host_flags);
    }
    return thunks;
}

}  // namespace hospes::translator
