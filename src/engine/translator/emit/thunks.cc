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

void emit_slow_path(Assembler& a, const Thunks& thunks, SlowPath slow_path) {
    a.pushfq();  // [rsp]: flags, [rsp + 8]: return address, [rsp + 16]: the state
    a.cld();
    constexpr std::int64_t kState0 = 16;
    auto slot = [](HostReg reg) {
        return at(RSP, kState0 + static_cast<std::int64_t>(offsetof(GuestState, gpr)) + reg * 8);
    };
    for (HostReg reg : kCallerSaved) a.store(slot(reg), reg);
    a.lea(RDI, at(RSP, kState0));
    a.mov(RSI, kT0);
    a.mov32(RDX, kT2);
    a.load(RCX, at(RSP, 8));
    a.call_absolute(reinterpret_cast<const void*>(slow_path), RAX);
    a.mov(kT1, RAX);
    for (HostReg reg : kCallerSaved) a.load(reg, slot(reg));
    a.bytes("\x41\xf6\xc2\x01", 4);  // test r10b, 1
    static_assert(kT1 == R10);
    const Jump leave = a.jcc(kNE);
    a.popfq();
    a.ret();
    a.bind(leave);
    a.bytes("\x41\xf6\xc2\x02", 4);  // test r10b, 2: kSlowExitHost
    const Jump host_flags = a.jcc(kNE);
    a.popfq();
    a.lea(RSP, at(RSP, 8));
    a.jmp_to(thunks.exit_saved[static_cast<unsigned>(CodeExit::Slow)]);
    a.bind(host_flags);
    a.popfq();
    a.lea(RSP, at(RSP, 8));
    a.jmp_to(thunks.exit_host[static_cast<unsigned>(CodeExit::Slow)]);
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
    thunks.slow_path = a.here();
    emit_slow_path(a, thunks, slow_path);
    return thunks;
}

}  // namespace hospes::translator
