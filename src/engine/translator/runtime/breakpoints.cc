// Breakpoints and single steps, the guest's and its debugger's (SDM volume 3, 18.2 and 18.3).
//
// Instructions: with a breakpoint anywhere, code runs in blocks that all come back to the dispatcher
// (Mode::kWatched), and one that may hold it is cut at each instruction. Data: a page with a breakpoint is in no TLB,
// so that each access comes to C++. What it hits waits until its instruction is done, for attend().
#include "engine/translator/runtime/vcpu.h"
#include "x86/debug_registers.h"

namespace hospes::translator {

namespace {

// No block that begins this far before a breakpoint reaches it.
constexpr std::uint64_t kLongestBlock = kMaxBlockInstructions * ZYDIS_MAX_INSTRUCTION_LENGTH;

}  // namespace

// What comes before an instruction where somebody looks. False: it does not begin; something else happened instead.
bool TranslatorVcpu::begin_watched() {
    const bool again = (resumed_ || force_single_ || force_plain_) && state_.rip == begun_;
    if (again || mode_.has(Mode::kBounce)) return true;
    begun_ = state_.rip;
    const Gva address = linear(state_.rip);
    const Watch::Owners owners = watch_.code_at(address);
    if (watch_.steps()) {
        if (stepped_) return stop_for_debugger(cpu::DebugEvent::Step);
        stepped_ = true;
    } else if ((owners & Watch::kDebugger) != 0) {
        return stop_for_debugger(cpu::DebugEvent::Code);
    }
    const bool resumes = (state_.rflags & x86::rflags::RF) != 0;
    const bool inhibited = resumes || state_.interrupt_shadow == kShadowedBySs;
    if (!inhibited && (owners & Watch::kGuest) != 0) {
        raise_debug(owners & Watch::kGuest);
        return false;
    }
    if (resumes || watch_.code_within(address, kLongestBlock)) force_single_ = true;
    return true;
}

bool TranslatorVcpu::stop_for_debugger(cpu::DebugEvent event) {
    debug_stop_.event = event;
    finished_ = cpu::ExitReason::Debug;
    return false;
}

// #DB at an instruction boundary; RFLAGS.RF is pushed as it is. `conditions`: bits of DR6.
void TranslatorVcpu::raise_debug(std::uint64_t conditions) {
    link_from_ = 0;
    force_plain_ = false;
    if (shared_.tracer.wants(kTraceFaults)) trace_fault(x86::DB, false, 0);
    deliver([&] { return deliver_debug(system_, conditions); });
}

// Of an instruction that C++ does.
void TranslatorVcpu::begin_step() {
    trace_steps_ = (state_.rflags & x86::rflags::TF) != 0;
    state_.rflags &= ~x86::rflags::RF;
}

// After an instruction that began with RFLAGS.TF set: the trap, together with what its accesses hit.
void TranslatorVcpu::end_step() {
    trace_steps_ = false;
    if (state_.interrupt_shadow == kShadowedBySs) return;
    raise_debug(x86::dr6::BS | take_hits());
}

// The guest's breakpoints that were hit since; none if the access's instruction faulted instead of ending.
std::uint64_t TranslatorVcpu::take_hits() {
    const std::uint64_t hits = hits_ & Watch::kGuest;
    const bool stale = hit_faults_ != counters_.faults;
    hits_ &= static_cast<Watch::Owners>(stale ? 0 : ~Watch::kGuest);
    return stale ? 0 : hits;
}

void TranslatorVcpu::note_access(Gva address, std::uint64_t size, bool write) {
    std::uint32_t index = 0;
    const Watch::Owners hits = watch_.data_hits(address, size, write, index);
    if (hits == 0) return;
    if ((hits & ~hits_ & Watch::kDebugger) != 0) hit_data_ = index;
    note_hits(hits);
}

void TranslatorVcpu::note_hits(Watch::Owners hits) {
    if (hit_faults_ != counters_.faults) hits_ = 0;
    hit_faults_ = counters_.faults;
    hits_ |= hits;
}

// An access by translated code to [address, address + size), in one page that has a data breakpoint. False: the block
// is left, and its instruction comes again alone.
bool TranslatorVcpu::access_watched(Gva address, unsigned size, bool write, std::uint64_t host_pc) {
    std::uint32_t index = 0;
    if (watch_.data_hits(address, size, write, index) == 0) return true;
    if (!cache_.block(cache_.block_at(host_pc - 1)).mode.has(Mode::kSingle)) return false;
    note_access(address, size, write);
    return true;
}

bool TranslatorVcpu::accessed(void* vcpu, Gva address, std::uint64_t size, Access access) {
    auto* self = static_cast<TranslatorVcpu*>(vcpu);
    if (!self->watch_.data_in_page(address)) return false;
    if (size != 0) self->note_access(address, size, access == Access::Write);
    // An instruction that goes on in translated code is looked at when it ends.
    if (self->hits_ != 0 && !self->running_single_) self->notify();
    return true;
}

}  // namespace hospes::translator
