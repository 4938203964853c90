// What a vCPU does when it is to look out for something else, and when that has come.
#include "engine/translator/runtime/vcpu.h"
#include "x86/debug_registers.h"

namespace hospes::translator {

// `new_data`: there may be TLB entries of pages that have a data breakpoint now.
void TranslatorVcpu::look_out(bool new_data) {
    state_.watch_mode = (watch_.any_code() ? Mode::kWatched : 0u) | (watch_.steps() ? Mode::kSingle : 0u);
    // A read that C++ has walked for enters a page without a look at what is watched.
    system_.mmu.walked_for_read = watch_.any_data() ? nullptr : &TranslatorVcpu::walked_for_read;
    system_.mmu.accessed = watch_.any_data() ? &TranslatorVcpu::accessed : nullptr;
    if (new_data) tlb_->flush_all();
    set_mode();
}

// At an instruction boundary, if the running instruction has come to its end.
TranslatorVcpu::After TranslatorVcpu::report_hits() {
    const bool again = resumed_ || force_single_ || force_plain_;
    if (again || hit_faults_ != counters_.faults) {  // if it runs again, it hits again
        hits_ = 0;
        return After::GoOn;
    }
    if (state_.interrupt_shadow == kShadowedBySs) {
        force_single_ = true;
        return After::GoOn;
    }
    const bool debugger = (hits_ & Watch::kDebugger) != 0;
    const std::uint64_t conditions = take_hits();
    hits_ = 0;
    if (conditions != 0) raise_debug(conditions);
    if (finished_ != cpu::ExitReason::Kicked) return After::Leave;
    if (!debugger) return After::GoOn;
    debug_stop_.data = watch_.data(hit_data_);
    stop_for_debugger(cpu::DebugEvent::Data);
    return After::Leave;
}

Result<void> TranslatorVcpu::debug(const cpu::DebugRequest& request) {
    shared_.rendezvous.enter(index_);
    look_out(watch_.obey(request, state_));
    shared_.rendezvous.leave(index_);
    hits_ = 0;
    return {};
}

std::optional<Gpa> TranslatorVcpu::physical(Gva address) {
    const Checked<Translation> found = probe(system_.mmu, address, Access::Read, AccessClass::Supervisor);
    if (!found.ok()) return std::nullopt;
    return found.value().gpa;
}

}  // namespace hospes::translator
