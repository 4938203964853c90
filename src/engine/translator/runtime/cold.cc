// The parts of the dispatcher that call C++ which may use vector registers.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Looks at all that may have asked for attention. RF, of a string instruction that pauses for it, is for what is
// delivered then, and for breakpoints.
TranslatorVcpu::After TranslatorVcpu::attend() {
    const After after = look_around();
    if (!mode_.looked_at()) state_.rflags &= ~x86::rflags::RF;
    return after;
}

TranslatorVcpu::After TranslatorVcpu::look_around() {
    need_cpp();
    state_.attention.store(0, std::memory_order_seq_cst);
    shared_.rendezvous.poll(index_);
    drop_written_pages();
    cpu::VcpuHost& host = system_.host();
    if (host.stop_requested()) return finish(cpu::ExitReason::Kicked);
    if (hits_ != 0 && report_hits() == After::Leave) return After::Leave;
    if (host.nmi_pending() && !state_.nmi_blocked && !watch_.steps() && take_nmi() == After::Leave) return After::Leave;
    state_.interrupt_waiting = host.interrupt_pending();
    if (!state_.interrupt_waiting || !state_.interrupt_flag || watch_.steps()) return After::GoOn;
    if (state_.interrupt_shadow) {
        force_single_ = true;  // and then here again
        return After::GoOn;
    }
    return take_interrupt() ? After::GoOn : finish(cpu::ExitReason::Shutdown);
}

// After the next instruction, if this one is in a shadow: of MOV SS it must, of STI it may be.
TranslatorVcpu::After TranslatorVcpu::take_nmi() {
    if (state_.interrupt_shadow) {
        force_single_ = nmi_waits_ = true;
        return After::GoOn;
    }
    nmi_waits_ = false;
    system_.host().take_nmi();
    state_.nmi_blocked = 1;
    return deliver_vector(x86::NMI) ? After::GoOn : finish(cpu::ExitReason::Shutdown);
}

bool TranslatorVcpu::take_interrupt() {
    const std::optional<std::uint8_t> vector = system_.host().acknowledge_interrupt();
    state_.interrupt_waiting = system_.host().interrupt_pending();
    return !vector || deliver_vector(*vector);
}

// False: it ended in a triple fault.
bool TranslatorVcpu::deliver_vector(std::uint8_t vector) {
    ++counters_.interrupts;
    if (shared_.tracer.wants(kTraceFaults)) trace_fault(vector, true, 0);
    link_from_ = 0;
    force_plain_ = false;
    const Delivery delivery = deliver_interrupt(system_, vector);
    set_mode();
    return delivery != Delivery::TripleFault;
}

void TranslatorVcpu::note_written(std::uint64_t page) {
    constexpr std::size_t kMost = 1u << 16;
    {
        const std::lock_guard<std::mutex> guard(written_mutex_);
        if (written_pages_.size() == kMost) {
            too_many_written_ = true;
        } else if (written_pages_.empty() || written_pages_.back() != page) {
            written_pages_.push_back(page);
        }
    }
    any_written_.store(true, std::memory_order_release);
    notify();
}

void TranslatorVcpu::drop_written_pages() {
    if (!any_written_.load(std::memory_order_acquire)) return;
    any_written_.store(false, std::memory_order_relaxed);
    const std::lock_guard<std::mutex> guard(written_mutex_);
    for (const std::uint64_t page : written_pages_) {
        if (!cache_.has_code(page)) continue;
        const Gpa gpa = page << kPageBits;
        const Gpa frame = gpa < shared_.ram.low_size() ? gpa : gpa - shared_.ram.low_size() + memory::kHighStart;
        cache_.invalidate(frame, kPageSize);
    }
    written_pages_.clear();
    if (!too_many_written_) return;
    too_many_written_ = false;
    cache_.flush();
    forget_code();
}

void TranslatorVcpu::forget_code() {
    tlb_->flush_jumps();
    for (PlainTwin& twin : state_.twins) twin.host_pc = 0;
}

BlockIndex TranslatorVcpu::translate_block(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page) {
    need_cpp();
    const std::uint64_t generation = cache_.generation();
    BlockIndex index = 0;
    for (;;) {
        index = cache_.translate(gpa, mode, page_offset, second_page);
        if (index == 0) break;
        claim_code(cache_.block(index));
        if (cache_.is_current(index)) break;
        cache_.invalidate_block(index);  // written before the claim was seen
    }
    if (cache_.generation() != generation) forget_code();
    if (index != 0) shared_.tracer.translated(cache_, index);
    return index;
}

void TranslatorVcpu::execute_cold(const DecodedInstruction& instruction, Checked<void>& outcome) {
    need_cpp();
    outcome = execute(system_, instruction);
    if (system_.ports_hit != 0) {
        note_hits(static_cast<Watch::Owners>(system_.ports_hit));
        system_.ports_hit = 0;
        notify();
    }
    if (!system_.debug_registers_changed) return;
    system_.debug_registers_changed = false;
    look_out(watch_.follow(state_));
}

void TranslatorVcpu::trace_exit(CodeExit exit) {
    need_cpp();
    shared_.tracer.exit(state_, exit);
}

void TranslatorVcpu::trace_fault(unsigned vector, bool interrupt, std::uint32_t error_code) {
    need_cpp();
    shared_.tracer.fault(state_, vector, interrupt, error_code, interruption_.address);
}

}  // namespace hospes::translator
