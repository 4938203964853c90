// A block that is a loop: the probes of its windows, the body as often as was planned, and once more with a probe at
// every access, for where a window does not lie in one page or its page is not known.
//
//     begin: probes ──miss──> plain: body, then to begin
//            body, body, ... body, then to begin
#include "engine/translator/decode/decoder.h"
#include "engine/translator/emit/block_emitter.h"

namespace hospes::translator {

namespace {

HostMem window_slot(unsigned slot) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, windows)) + slot * 8);
}

}  // namespace

void BlockEmitter::emit_loop() {
    mark(guest_offset(block_[0]));
    if (loop_.guess_count != 0) {
        a_.alu_mem_imm(kAdd, guess_credit(), static_cast<std::int32_t>(loop_.copies * loop_.guess_count));
        lists_.window_misses.push_back(a_.jcc(kLE));
    }
    for (unsigned i = 0; i < loop_.window_count; ++i) emit_window_probe(loop_.windows[i]);
    window_ = -1;
    for (const LoopWindow& window : std::span(loop_.windows).first(loop_.window_count)) {
        if (window.home != kNoReg) a_.load(window.home, window_slot(window.slot));
    }
    for (copy_ = 0; copy_ < loop_.copies; ++copy_) {
        for (const Instruction& in : block_.first(block_.size() - 1)) emit_instruction(in);
        if (copy_ + 1 < loop_.copies) {
            emit_next_copy(block_.back());
        } else {
            emit_instruction(block_.back());
        }
    }
}

// T0 = the lowest address, then offset in the page; T1 = host page.
void BlockEmitter::emit_window_probe(const LoopWindow& window) {
    HostMem lowest;
    if (window.base == LoopWindow::kPageBase) {
        a_.load(kT0, STATE(page_base));
        lowest.base = kT0;
    } else if (window.base != LoopWindow::kNone) {
        lowest.base = use(window.base, kT0);
    }
    if (window.index != LoopWindow::kNone) {
        lowest.index = use(window.index, kT1);
        lowest.scale = window.scale;
    }
    lowest.disp = window.low;
    a_.lea(kT0, lowest);
    lists_.window_misses.push_back(emit_probe(window.span, window.write, true));
    a_.lea(kT0, at(kT0, kT1, 0, 0));
    a_.store(window_slot(window.slot), kT0);
}

// An access to a window of the loop that the probes have found.
HostMem BlockEmitter::emit_window_access(const Sharing& sharing) {
    const HostReg home = loop_.window_in(sharing.slot).home;
    if (home == kNoReg && window_ != sharing.slot) {
        a_.load(kT1, window_slot(sharing.slot));
        window_ = sharing.slot;
    }
    const int wrong = options_.breakage == Breakage::Loop ? 1 : 0;
    return at(home == kNoReg ? kT1 : home, sharing.low + static_cast<std::int64_t>(copy_) * (sharing.step + wrong));
}

// The jump back, with another copy of the body behind it: leaves if it is not taken.
void BlockEmitter::emit_next_copy(const Instruction& in) {
    mark(guest_offset(in));
    if (in.kind == Kind::Jump) return;
    restore_flags();
    emit_exit_if(condition_of(in) ^ 1u, in.end(), guest_offset(in));
}

HostMem BlockEmitter::guess_credit() const {
    const unsigned counter = block_[0].offset % kGuessingLoops;
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, guess_credit) + counter * sizeof(std::int64_t)));
}

// T1 is the addend that the probe found: goes on with the guess, which is there long before, if they are equal.
void BlockEmitter::emit_guess(const Instruction& in, unsigned slot) {
    a_.alu(kCmp, kT1, window_slot(slot));
    const Jump wrong = a_.jcc(kNE);
    a_.load(kT1, window_slot(slot));
    lists_.guess_stubs.push_back({wrong, a_.cursor(), static_cast<std::uint8_t>(slot), guest_offset(in), flags_});
}

// A wrong guess costs what some right ones gain. Where they are too many, the plain body has the loop for a while.
void BlockEmitter::emit_guess_stub(const GuessStub& stub) {
    constexpr std::int32_t kCost = 4, kPause = 1 << 16;
    a_.bind(stub.from);
    if (options_.breakage == Breakage::Guess) a_.lea(kT1, at(kT1, 1));
    a_.store(window_slot(stub.slot), kT1);
    a_.alu_mem_imm(kSub, guess_credit(), kCost);
    a_.jcc_to(kG, a_.executable(stub.resume));
    a_.store_imm64(guess_credit(), -kPause);
    a_.jmp_to(a_.executable(stub.resume));
}

void BlockEmitter::emit_plain_body() {
    flags_ = Flags::Host;
    mark(guest_offset(block_[0]));
    for (const Jump& miss : lists_.window_misses) a_.bind(miss);
    window_ = -1;
    each_probes_ = true;
    for (const Instruction& in : block_) emit_instruction(in);
    if (!ends_block(block_.back().kind)) emit_fallthrough();
}

}  // namespace hospes::translator
