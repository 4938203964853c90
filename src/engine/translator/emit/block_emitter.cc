#include "engine/translator/emit/block_emitter.h"

#include "engine/translator/decode/decoder.h"

namespace hospes::translator {

BlockEmitter::BlockEmitter(Assembler& assembler, std::uint8_t* cold, const Thunks& thunks, std::span<Instruction> block,
                           const Loop& loop, Mode mode, ExitIndex first_exit, Gpa second_frame,
                           const EmitOptions& options, Lists& lists)
    : a_(assembler),
      thunks_(thunks),
      block_(block),
      loop_(loop),
      mode_(mode),
      code64_(mode.has(Mode::kCode64)),
      first_exit_(first_exit),
      second_frame_(second_frame),
      options_(options),
      begin_(assembler.cursor()),
      cold_(cold),
      part_begin_(begin_),
      lists_(lists) {
    lists.clear();
    if (options.relocations) assembler.note_distances(lists.distances);
}

void BlockEmitter::Lists::clear() {
    exits.clear();
    points.clear();
    slow_stubs.clear();
    exit_stubs.clear();
    jump_stubs.clear();
    guess_stubs.clear();
    window_misses.clear();
    relocations.clear();
    distances.clear();
}

// Breakage::Order.
void BlockEmitter::leave_out_order() {
    constexpr std::uint8_t kLock = 0xf0;
    for (Instruction& in : block_) {
        if (in.info().mnemonic == ZYDIS_MNEMONIC_MFENCE) in.kind = Kind::Nop;
        if (in.info().mnemonic == ZYDIS_MNEMONIC_XCHG && in.memory != kNoOperand) in.decoded.info.opcode += 2;  // MOV
        auto& raw = in.decoded.info.raw;
        for (unsigned i = 0; i < raw.prefix_count; ++i) {
            if (raw.prefixes[i].value == kLock) raw.prefixes[i].type = ZYDIS_PREFIX_TYPE_IGNORED;
        }
    }
}

EmittedBlock BlockEmitter::emit() {
    if (options_.breakage == Breakage::Order) leave_out_order();
    EmittedBlock out;
    emit_entries(out);
    if (loop_.copies != 0) {
        emit_loop();
    } else {
        for (const Instruction& in : block_) emit_instruction(in);
    }
    if (!ends_block(block_.back().kind)) emit_fallthrough();
    out.size = hot_size_ = position();
    a_.set_cursor(part_begin_ = cold_);
    if (loop_.copies != 0) emit_plain_body();
    emit_stubs();
    out.cold_size = position() - hot_size_;
    find_distances(out.cold_size);
    out.exits = lists_.exits;
    out.points = lists_.points;
    out.relocations = lists_.relocations;
    return out;
}

// Whether the first thing that the block does about live flags is to save them.
bool BlockEmitter::saves_flags_first() const {
    if (block_[0].reader_ahead) return false;
    for (const Instruction& in : block_) {
        if (in.live_before == 0) return false;
        switch (in.kind) {
            case Kind::Plain:
                if (in.memory == kNoOperand) break;
                return true;
            case Kind::Jump: return !in_page(in.branch_target());
            case Kind::Nop:
            case Kind::Address:
            case Kind::ReadSegment:
            case Kind::ClearInterrupt:
            case Kind::SwapGs: break;
            case Kind::System: return false;
            default: return true;
        }
    }
    return false;
}

// Three ways in: with a jump's target in T0, with flags saved, and with flags in RFLAGS. The block begins with them
// where they are wanted first: an instruction that reads them wants RFLAGS, a probe wants them out of its way.
void BlockEmitter::emit_entries(EmittedBlock& out) {
    const bool straddles = second_frame_ != kNotStraddled;
    out.flags_live_in = block_[0].live_before != 0 || straddles;
    const bool begin_saved = straddles || saves_flags_first();
    set_flags(Flags::Saved);
    out.entry_indirect = 0;  // the cache patches its first 5 bytes: the store alone is longer
    a_.lea(kT0, at(kT0, -static_cast<std::int64_t>(block_[0].offset)));
    if (!code64_) a_.mov32(kT0, kT0);
    a_.store(STATE(page_base), kT0);
    out.entry_saved = static_cast<CodeOffset>(a_.cursor() - begin_);
    Jump to_begin{};
    if (begin_saved) {
        to_begin = a_.jmp_short();
    } else if (out.flags_live_in) {
        restore_flags();
    }
    set_flags(Flags::Host);
    out.entry = static_cast<CodeOffset>(a_.cursor() - begin_);
    if (begin_saved) {
        save_flags();
        a_.bind(to_begin);
    }
    if (straddles) {
        emit_straddle_check();
        restore_flags();
    }
}

// The second page of the only instruction must still be the one it was translated from.
void BlockEmitter::emit_straddle_check() {
    const HostMem base{kState,
                       static_cast<std::int32_t>(offsetof(GuestState, code_tlb[0]) +
                                                 sizeof(GuestState::code_tlb[0]) * mode_.code_class()),
                       kT1, 0};
    HostMem frame = base;
    frame.disp += static_cast<std::int32_t>(offsetof(CodeTlbEntry, frame));
    a_.load(kT0, STATE(page_base));
    a_.lea(kT0, at(kT0, static_cast<std::int64_t>(mode_.page_size())));
    if (mode_.has(Mode::kSegmented)) a_.alu(kAdd, kT0, STATE(segment_base[x86::CS]));
    if (!code64_) a_.mov32(kT0, kT0);
    a_.rorx(kT1, kT0, kPageBits - 4);
    a_.alu32_imm(kAnd, kT1, ((1 << kCodeTlbBits) - 1) << 4);
    a_.alu(kCmp, kT0, base);
    const std::uint32_t resume = block_[0].offset;
    const std::uint16_t guest = 0;
    add_exit_stub(a_.jcc(kNE), CodeExit::Resume, resume, guest);
    // Bit 0, the size of the mapping, does not matter here.
    a_.load32(kT0, frame);
    a_.alu32_imm(kAnd, kT0, -2);
    a_.alu32_imm(kCmp, kT0, static_cast<std::int32_t>((second_frame_ >> kPageBits) << 1));
    add_exit_stub(a_.jcc(kNE), CodeExit::Resume, resume, guest);
}

void BlockEmitter::mark(std::uint16_t guest) {
    guest_ = guest;
    const unsigned saved = flags_ == Flags::Saved ? CodePoint::kFlagsSaved : 0u;
    lists_.points.push_back({static_cast<std::uint16_t>(position()), static_cast<std::uint16_t>(guest | saved)});
}

void BlockEmitter::emit_instruction(const Instruction& in) {
    mark(guest_offset(in));
    const bool flags_touched = in.flags_read != 0 || in.flags_changed != 0;
    const bool needs_host_flags = in.flags_read != 0 || (in.flags_changed & ~in.flags_killed) != 0 ||
                                  (flags_touched && (in.live_after & ~in.flags_killed) != 0);
    if (needs_host_flags && in.kind != Kind::System) restore_flags();
    switch (in.kind) {
        case Kind::Plain: emit_plain(in); break;
        case Kind::Nop: break;
        case Kind::Address: emit_address_of(in); break;
        case Kind::Push: emit_push(in); break;
        case Kind::Pop: emit_pop(in); break;
        case Kind::Leave: emit_leave(in); break;
        case Kind::Jump: emit_jump(in); break;
        case Kind::JumpConditional: emit_jump_conditional(in); break;
        case Kind::Loop: emit_loop(in); break;
        case Kind::JumpIndirect: emit_jump_indirect(in); break;
        case Kind::Call: emit_call(in); break;
        case Kind::CallIndirect: emit_call_indirect(in); break;
        case Kind::Return: emit_return(in); break;
        case Kind::BitString: emit_bit_string(in); break;
        case Kind::ReadTimestamp: emit_timestamp(in); break;
        case Kind::SetInterrupt: emit_set_interrupt(in); break;
        case Kind::SwapGs: emit_swap_gs(); break;
        case Kind::PushFlags: emit_push_flags(in); break;
        case Kind::String: emit_string(in); break;
        case Kind::AccessFlag: emit_access_flag(in); break;
        case Kind::ReadSegment: emit_read_segment(in); break;
        case Kind::SegmentBase: emit_segment_base(in); break;
        case Kind::ClearInterrupt: a_.store_imm8(STATE(interrupt_flag), 0); break;
        case Kind::System: emit_system(in); break;
    }
    if (in.flags_changed != 0) set_flags(Flags::Host);
}

void BlockEmitter::emit_fallthrough() {
    const Instruction& last = block_.back();
    emit_direct_exit(last.end(), guest_offset(last));
}

void BlockEmitter::emit_stubs() {
    for (const SlowStub& stub : lists_.slow_stubs) {
        flags_ = stub.flags;
        mark(stub.guest);
        a_.bind(stub.from);
        Address lowest = stub.access.address;
        lowest.disp += stub.low;
        emit_address(kT0, lowest);
        if (mode_.has(Mode::kAlignment)) {
            a_.load_imm(kT1, kAlignmentGuard);
            a_.lea(kT0, at(kT0, kT1, 0, 0));
        }
        a_.load_imm(kT2, stub.info);
        a_.call_to(thunks_.slow_path[(stub.info & AccessInfo::kHostFlags) != 0]);
        if (stub.offset_form) {  // emit_address may need T1
            a_.mov(kT2, kT1);
            emit_address(kT0, stub.access.address);
            a_.mov(kT1, kT2);
        }
        a_.jmp_to(a_.executable(stub.resume));
    }
    for (const ExitStub& stub : lists_.exit_stubs) emit_exit_stub(stub);
    for (const GuessStub& stub : lists_.guess_stubs) {
        flags_ = stub.flags;
        mark(stub.guest);
        emit_guess_stub(stub);
    }
    for (const JumpStub& stub : lists_.jump_stubs) {
        flags_ = Flags::Saved;
        mark(stub.guest);
        emit_jump_stub(stub);
    }
}

void BlockEmitter::emit_exit_stub(const ExitStub& stub) {
    flags_ = stub.flags;
    mark(stub.guest);
    a_.bind(stub.from);
    a_.load_imm(kT0, stub.value);
    if (stub.kind == CodeExit::Link) relocate(4, Relocation::Kind::Exit);
    if (stub.kind == CodeExit::System) relocate(8, Relocation::Kind::System);
    const auto index = static_cast<unsigned>(stub.kind);
    a_.jmp_to(flags_ == Flags::Saved ? thunks_.exit_saved[index] : thunks_.exit_host[index]);
}

// The last `bytes_back` bytes that were emitted are one.
void BlockEmitter::relocate(std::size_t bytes_back, Relocation::Kind kind) {
    if (!options_.relocations) return;
    lists_.relocations.push_back({static_cast<std::uint16_t>(position_of(a_.cursor() - bytes_back)), kind});
}

// Of all rel32, those that lead out of their part of the block. Emission is at the cold part's end.
void BlockEmitter::find_distances(CodeOffset cold_size) {
    const auto in_hot = [&](const std::uint8_t* at) { return at >= begin_ && at < begin_ + hot_size_; };
    const auto in_cold = [&](const std::uint8_t* at) { return at >= cold_ && at < cold_ + cold_size; };
    for (const Distance& distance : lists_.distances) {
        const bool from_hot = in_hot(distance.at);
        if (from_hot ? in_hot(distance.to) : in_cold(distance.to)) continue;
        const auto at = static_cast<std::uint16_t>(from_hot ? distance.at - begin_ : position_of(distance.at));
        const auto kind = in_hot(distance.to)    ? Relocation::Kind::ToHot
                          : in_cold(distance.to) ? Relocation::Kind::ToCold
                                                 : Relocation::Kind::ToThunk;
        lists_.relocations.push_back({at, kind});
    }
}

void BlockEmitter::save_flags() {
    if (flags_ == Flags::Saved) return;
    emit_save_flags(a_);
    set_flags(Flags::Saved);
}

void BlockEmitter::restore_flags() {
    if (flags_ == Flags::Host) return;
    if (options_.breakage != Breakage::Flags) emit_restore_flags(a_);
    set_flags(Flags::Host);
}

void BlockEmitter::set_flags(Flags flags) {
    if (flags_ == flags) return;
    flags_ = flags;
    mark(guest_);
}

HostReg BlockEmitter::use(unsigned guest, HostReg scratch) {
    if (!is_displaced(guest)) return host_register(guest);
    a_.load(scratch, gpr_slot(guest));
    return scratch;
}

}  // namespace hospes::translator
