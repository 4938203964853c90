// The dispatcher: into translated code, out of it, and what the ways out ask for.
#include "engine/translator/runtime/vcpu.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

// saved_flags holds LAHF's AH in the high byte and OF in the low one.
[[gnu::always_inline]] inline void flags_to_code(GuestState& state) {
    const std::uint64_t flags = state.rflags;
    state.saved_flags = static_cast<std::uint16_t>((flags & 0xff) << 8 | (flags >> 11 & 1));
}

[[gnu::always_inline]] inline void flags_from_code(GuestState& state) {
    using namespace x86;
    constexpr std::uint64_t kLow = rflags::kStatus & 0xff;
    const std::uint64_t status =
        (state.saved_flags >> 8 & kLow) | (state.saved_flags & 1 ? rflags::OF : 0) | (state.host_rflags & rflags::DF);
    state.rflags = (state.rflags & ~(rflags::kStatus | rflags::DF)) | status;
}

}  // namespace

TranslatorVcpu::After TranslatorVcpu::dispatch() {
    set_mode();
    for (;;) {
        if (state_.attention.load(std::memory_order_relaxed) != 0 && attend() == After::Leave) return After::Leave;
        if (state_.halted) return finish(watch_.steps() ? cpu::ExitReason::Debug : cpu::ExitReason::Halted);
        const void* code = next_code();
        if (code == nullptr) {  // a fault was delivered instead, or nothing can be
            if (finished_ != cpu::ExitReason::Kicked) return After::Leave;
            continue;
        }
        if (handle_exit(run_code(code)) == After::Leave) return After::Leave;
    }
}

CodeExit TranslatorVcpu::run_code(const void* code) {
    using Enter = CodeExit (*)(GuestState*, const void*);
    if (!vectors_live_) {
        load_vectors(state_, shared_.vectors);
        vectors_live_ = true;
        system_.mmu.vectors_live = true;
    }
    state_.interrupt_shadow = 0;  // ends with the instruction that runs now; where that matters it runs alone
    flags_to_code(state_);
    const CodeExit exit =
        reinterpret_cast<Enter>(reinterpret_cast<std::uintptr_t>(cache_.thunks().enter))(&state_, code);
    flags_from_code(state_);
    follow_access_flag();
    ++counters_.exits[static_cast<unsigned>(exit)];
    if (shared_.tracer.wants(kTraceExits)) trace_exit(exit);
    return exit;
}

TranslatorVcpu::After TranslatorVcpu::handle_exit(CodeExit exit) {
    const bool single = running_single_;
    running_single_ = false;
    switch (exit) {
        case CodeExit::Link:
            on_link_exit();
            if (single) end_single();
            break;
        case CodeExit::Indirect:
            if (!take_jump()) break;
            if (single) end_single();
            break;
        case CodeExit::System:
            state_.rip = next_rip(static_cast<std::int64_t>(state_.exit_record & 0xffff'ffff));
            execute_stored(cache_.system_instruction(static_cast<std::uint32_t>(state_.exit_record >> 32)));
            if (single && (nmi_waits_ || hits_ != 0)) notify();  // they waited for the end of a shadow
            break;
        case CodeExit::Resume:
            state_.rip = next_rip(static_cast<std::int64_t>(state_.exit_record & 0xffff'ffff));
            resumed_ = true;
            // Not yet run: an instruction that was to run alone still is.
            if (single) force_single_ = true;
            break;
        case CodeExit::Slow:
        case CodeExit::HostFault:
            state_.rip = rip_at(interruption_.host_pc);
            on_interruption();
            break;
    }
    return finished_ != cpu::ExitReason::Kicked ? After::Leave : After::GoOn;
}

// To where an indirect jump leads. False: no code can be there; the jump has faulted as if it had not happened.
bool TranslatorVcpu::take_jump() {
    const std::uint64_t target = state_.code64() ? state_.exit_target : state_.exit_target & 0xffff'ffff;
    const Checked<void> possible = check_near_target(state_, target);
    if (possible.ok()) {
        state_.rip = target;
        return true;
    }
    state_.rip = next_rip(static_cast<std::int64_t>(state_.exit_record & 0xffff'ffff));
    const std::uint64_t added = static_cast<std::uint64_t>(static_cast<std::int64_t>(state_.exit_record) >> 32);
    set_gpr(state_, x86::RSP, state_.gpr[x86::RSP] - added, stack_bytes(state_));
    raise(possible.fault());
    return false;
}

void TranslatorVcpu::on_link_exit() {
    const auto exit = static_cast<ExitIndex>(state_.exit_record);
    const ExitRecord& record = cache_.exit(exit);
    state_.rip = next_rip(record.target);
    const Mode mode = cache_.block(record.source).mode;
    if (mode.has(Mode::kSingle) || mode.has(Mode::kBounce)) return;
    link_from_ = exit;
    generation_ = cache_.generation();
}

// After an instruction that ran as a block of its own.
void TranslatorVcpu::end_single() {
    state_.rflags &= ~x86::rflags::RF;
    if (trace_steps_) end_step();
    if (state_.interrupt_waiting || nmi_waits_ || hits_ != 0) notify();
}

void TranslatorVcpu::execute_stored(const StoredInstruction& instruction) {
    trace_steps_ = false;
    if (mode_.looked_at()) begin_step();
    state_.interrupt_shadow = 0;  // of the instruction before
    Checked<void> outcome = redo_cold();
    if (instruction.hot != nullptr && vectors_live_) {
        ++counters_.system_hot;
        outcome = instruction.hot(system_, instruction.decoded);
    }
    if (!outcome.ok() && outcome.fault().vector == kRedoCold) {
        ++counters_.system_cold;
        execute_cold(instruction.decoded, outcome);
    }
    apply_flushes();
    if (!outcome.ok()) {
        raise(outcome.fault());
        return;
    }
    after_system(instruction.decoded);
}

// An event that the instruction itself delivered has cleared TF and takes the trap's place.
bool TranslatorVcpu::delivers_event(const DecodedInstruction& instruction) {
    switch (instruction.info.mnemonic) {
        case ZYDIS_MNEMONIC_INT:
        case ZYDIS_MNEMONIC_INT1:
        case ZYDIS_MNEMONIC_INT3:
        case ZYDIS_MNEMONIC_INTO:
        case ZYDIS_MNEMONIC_SYSCALL: return true;
        default: return false;
    }
}

void TranslatorVcpu::after_system(const DecodedInstruction& instruction) {
    set_mode();
    if (state_.interrupt_waiting && state_.interrupt_flag) notify();
    if (!trace_steps_ && !mode_.has(Mode::kSingle)) return;
    const bool traced = (state_.rflags & x86::rflags::TF) != 0;
    // SYSRET to a program that is stepped traps at once (AMD's manual says so, Intel's processors do so).
    const bool returns = traced && instruction.info.mnemonic == ZYDIS_MNEMONIC_SYSRET;
    const bool delivered = delivers_event(instruction) && !traced;
    if (returns || (trace_steps_ && !delivered)) end_step();
}

void TranslatorVcpu::on_interruption() {
    switch (interruption_.kind) {
        case Interruption::Kind::Fault: raise_access_fault(interruption_.fault); break;
        case Interruption::Kind::Bounce:
            if (!store_over_pages()) bounce();
            break;
        case Interruption::Kind::Single: force_single_ = true; break;
        case Interruption::Kind::Plain:
            force_plain_ = true;
            plain_rip_ = state_.rip;
            break;
        case Interruption::Kind::HostError: fail("a host fault in translated code"); break;
    }
}

void TranslatorVcpu::raise(const GuestFault& fault) {
    ++counters_.faults;
    link_from_ = 0;  // what comes next is the handler
    force_plain_ = false;
    if (shared_.tracer.wants(kTraceFaults)) trace_fault(fault.vector, false, fault.error_code);
    trace_steps_ = false;
    deliver([&] { return deliver_fault(system_, fault); });
}

}  // namespace hospes::translator
