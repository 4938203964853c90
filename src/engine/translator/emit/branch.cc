// Ways out of a block: direct ones that can be linked, indirect ones through the jump cache, and those to C++.
#include "engine/translator/emit/block_emitter.h"

#include "engine/translator/decode/registers.h"

namespace hospes::translator {

using namespace x86;

namespace {

HostMem code_tlb(Mode mode, std::size_t field) {
    return at(kState, kT1, 0,
              static_cast<std::int64_t>(offsetof(GuestState, code_tlb) + field +
                                        sizeof(GuestState::code_tlb[0]) * mode.code_class()));
}

// Of the entry `way` of the set that T1 is the offset of.
HostMem jump_cache(Mode mode, unsigned way, std::size_t field) {
    return at(
        kState, kT1, 0,
        static_cast<std::int64_t>(offsetof(GuestState, jump_cache) + field + way * sizeof(JumpCacheEntry) +
                                  sizeof(GuestState::jump_cache[0]) * static_cast<unsigned>(mode.access_class())));
}

HostMem target_slot() { return at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch[2]))); }

constexpr Sharing kAlone{};

}  // namespace

void BlockEmitter::add_exit_stub(const Jump& from, CodeExit kind, std::uint64_t value, std::uint16_t guest) {
    lists_.exit_stubs.push_back({from, kind, value, guest, flags_});
}

unsigned BlockEmitter::new_exit(std::int64_t target, bool checked) {
    ExitRecord record{};
    record.target = target;
    record.checked = checked;
    record.flags_saved = flags_ == Flags::Saved;
    lists_.exits.push_back(record);
    return static_cast<unsigned>(lists_.exits.size() - 1);
}

// The end of a path whose successor is known: jumps to its code once that exists.
void BlockEmitter::emit_direct_exit(std::int64_t target, std::uint16_t guest) {
    // The code TLB knows linear addresses, and a segment base may lie between those and ours: no check, no link.
    if (!in_page(target) && !mode_.has(Mode::kSegmented)) return emit_checked_exit(target, guest);
    const unsigned exit = new_exit(target, false);
    const Jump jump = a_.jmp();
    lists_.exits[exit].jump = static_cast<CodeOffset>(jump.displacement - begin_);
    add_exit_stub(jump, CodeExit::Link, first_exit_ + exit, guest);
}

// The target lies in another page: it is the linked one only while the code TLB maps the address to the same frame.
void BlockEmitter::emit_checked_exit(std::int64_t target, std::uint16_t guest) {
    save_flags();
    const unsigned exit = new_exit(target, true);
    const auto page_offset = static_cast<std::int32_t>(target & static_cast<std::int64_t>(kPageMask));
    a_.load(kT0, STATE(page_base));
    if (target == static_cast<std::int32_t>(target)) {
        a_.lea(kT0, at(kT0, target));
    } else {
        a_.load_imm(kT1, static_cast<std::uint64_t>(target));
        a_.lea(kT0, at(kT0, kT1, 0, 0));
    }
    if (!code64_) a_.mov32(kT0, kT0);
    a_.rorx(kT1, kT0, kPageBits - 4);
    a_.alu32_imm(kAnd, kT1, ((1 << kCodeTlbBits) - 1) << 4);
    const HostReg page = page_offset == 0 ? kT0 : kT2;
    if (page != kT0) a_.lea(kT2, at(kT0, -page_offset));
    a_.alu(kCmp, page, code_tlb(mode_, offsetof(CodeTlbEntry, page)));
    const std::uint32_t value = first_exit_ + exit;
    add_exit_stub(a_.jcc(kNE), CodeExit::Link, value, guest);
    a_.cmp32_mem_imm(code_tlb(mode_, offsetof(CodeTlbEntry, frame)), -1, true);
    lists_.exits[exit].frame_check = static_cast<CodeOffset>(a_.cursor() - begin_ - 4);
    add_exit_stub(a_.jcc(kNE), CodeExit::Link, value, guest);
    // A loop has a jump back, or an indirect one; 32-bit addresses wrap.
    if (!code64_ || target <= static_cast<std::int64_t>(block_[0].offset)) {
        a_.cmp32_mem_imm(STATE(attention), 0);
        add_exit_stub(a_.jcc(kNE), CodeExit::Link, value, guest);
    }
    const Jump jump = a_.jmp();
    lists_.exits[exit].jump = static_cast<CodeOffset>(jump.displacement - begin_);
    add_exit_stub(jump, CodeExit::Link, value, guest);
}

// T0 holds the guest address to go to, flags are saved.
void BlockEmitter::emit_indirect_exit(const Instruction& in, std::int64_t added_to_stack_pointer) {
    const std::uint64_t record = indirect_record(in.offset, added_to_stack_pointer);
    if (mode_.has(Mode::kSingle) || mode_.has(Mode::kBounce)) {  // the dispatcher has something to do after it
        a_.load_imm(kT2, record);
        a_.jmp_to(thunks_.jump_cache_miss);
        return;
    }
    static_assert(sizeof(JumpCacheEntry) == 1 << 4);
    a_.imul32_imm(kT1, kT0, static_cast<std::int32_t>(kJumpHash));
    a_.alu32_imm(kAnd, kT1, ((1 << kJumpCacheBits) - 2) << 4);
    a_.cmp32_mem_imm(STATE(attention), 0);
    const Jump attention = a_.jcc(kNE);
    a_.alu(kCmp, kT0, jump_cache(mode_, 0, offsetof(JumpCacheEntry, target)));
    const Jump other_way = a_.jcc(kNE);
    a_.jmp_mem(jump_cache(mode_, 0, offsetof(JumpCacheEntry, host_code)));
    lists_.jump_stubs.push_back({attention, other_way, record, guest_offset(in)});
}

void BlockEmitter::emit_jump_stub(const JumpStub& stub) {
    a_.bind(stub.other_way);
    a_.alu(kCmp, kT0, jump_cache(mode_, 1, offsetof(JumpCacheEntry, target)));
    const Jump miss = a_.jcc_short(kNE);
    a_.jmp_mem(jump_cache(mode_, 1, offsetof(JumpCacheEntry, host_code)));
    a_.bind(miss);
    a_.bind(stub.attention);
    a_.load_imm(kT2, stub.record);
    a_.jmp_to(thunks_.jump_cache_miss);
}

// Leaves for the dispatcher, with `target` as the next instruction, if something asked for attention. Placed where a
// loop must pass.
void BlockEmitter::emit_poll(std::int64_t target, std::uint16_t guest, bool flags_needed) {
    if (mode_.has(Mode::kSingle)) return;  // the jump comes to the dispatcher anyway, and as one that is done
    if (!flags_needed) {
        a_.cmp32_mem_imm(STATE(attention), 0);
        add_exit_stub(a_.jcc(kNE), CodeExit::Resume, static_cast<std::uint32_t>(target), guest);
        return;
    }
    a_.mov(kT0, RCX);
    a_.load32(RCX, STATE(attention));
    const Jump quiet = a_.jecxz();
    a_.mov(RCX, kT0);
    add_exit_stub(a_.jmp(), CodeExit::Resume, static_cast<std::uint32_t>(target), guest);
    a_.bind(quiet);
    a_.mov(RCX, kT0);
}

void BlockEmitter::emit_jump(const Instruction& in) {
    const std::int64_t target = in.branch_target();
    if (in_page(target) && target <= in.offset) emit_poll(target, guest_offset(in), flags_ == Flags::Host);
    emit_direct_exit(target, guest_offset(in));
}

unsigned BlockEmitter::condition_of(const Instruction& in) const {
    return (in.info().opcode & 15u) ^ (options_.breakage == Breakage::Branch ? 1u : 0u);
}

// Leaves for `target`, in this page and ahead, if `condition` holds.
void BlockEmitter::emit_exit_if(unsigned condition, std::int64_t target, std::uint16_t guest) {
    const unsigned exit = new_exit(target, false);
    const Jump jump = a_.jcc(condition);
    lists_.exits[exit].jump = static_cast<CodeOffset>(jump.displacement - begin_);
    add_exit_stub(jump, CodeExit::Link, first_exit_ + exit, guest);
}

void BlockEmitter::emit_jump_conditional(const Instruction& in) {
    const std::int64_t target = in.branch_target();
    const unsigned condition = condition_of(in);
    const bool backward = target <= in.offset;
    if (in_page(target) && !backward) return emit_exit_if(condition, target, guest_offset(in));
    const Jump not_taken = a_.jcc(condition ^ 1u);
    const Flags flags_here = flags_;
    const int window_here = window_;
    const bool target_is_start = target == block_[0].offset;
    const bool flags_needed = !(target_is_start && block_[0].live_before == 0);
    if (in_page(target)) emit_poll(target, guest_offset(in), flags_needed && flags_ == Flags::Host);
    emit_direct_exit(target, guest_offset(in));
    a_.bind(not_taken);
    set_flags(flags_here);
    window_ = window_here;
}

// LOOP and JrCXZ read RCX; only LOOPE and LOOPNE read a flag, and none writes one.
void BlockEmitter::emit_loop(const Instruction& in) {
    const ZydisMnemonic mnemonic = in.info().mnemonic;
    const bool wide = in.info().address_width == 64;
    const std::int64_t target = in.branch_target();
    const bool counts =
        mnemonic == ZYDIS_MNEMONIC_LOOP || mnemonic == ZYDIS_MNEMONIC_LOOPE || mnemonic == ZYDIS_MNEMONIC_LOOPNE;
    if (counts) wide ? a_.lea(RCX, at(RCX, -1)) : a_.lea32(RCX, at(RCX, -1));
    const Jump zero = wide ? a_.jrcxz() : a_.jecxz();
    Jump not_zero;  // to the path that jrcxz does not take
    Jump flag_says_no{};
    const Flags flags_here = flags_;
    if (counts) {
        if (mnemonic != ZYDIS_MNEMONIC_LOOP) flag_says_no = a_.jcc(mnemonic == ZYDIS_MNEMONIC_LOOPE ? kNE : kE);
        const Jump taken = a_.jmp();
        a_.bind(zero);
        if (flag_says_no.displacement != nullptr) a_.bind(flag_says_no);
        const Jump fall = a_.jmp();
        a_.bind(taken);
        not_zero = fall;
    } else {
        const Jump fall = a_.jmp();
        a_.bind(zero);
        not_zero = fall;
    }
    if (in_page(target) && target <= in.offset) emit_poll(target, guest_offset(in), flags_ == Flags::Host);
    emit_direct_exit(target, guest_offset(in));
    set_flags(flags_here);
    a_.bind(not_zero);
    emit_direct_exit(in.end(), guest_offset(in));
}

// T0 = the operand of an indirect jump or call.
void BlockEmitter::emit_load_target(const Instruction& in) {
    const ZydisDecodedOperand& operand = in.operand(0);
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        Access source = operand_access(in);
        source.sharing = &kAlone;
        load_width(kT0, emit_access(in, source));
        return;
    }
    const unsigned guest = register_number(operand.reg.value);
    const HostReg from = use(guest, kT0);
    if (from != kT0) code64_ ? a_.mov(kT0, from) : a_.mov32(kT0, from);
}

void BlockEmitter::emit_jump_indirect(const Instruction& in) {
    save_flags();
    emit_load_target(in);
    emit_indirect_exit(in, 0);
}

void BlockEmitter::emit_call(const Instruction& in) {
    save_flags();
    emit_store_return_address(in, emit_return_address_slot(in));
    const std::int64_t target = in.branch_target();
    if (in_page(target) && target <= in.offset) emit_poll(target, guest_offset(in), false);
    emit_direct_exit(target, guest_offset(in));
}

// Zero is set if `value` is canonical: the bits from 47 on are all the same. Clobbers T2.
void BlockEmitter::emit_canonical_check(HostReg value) {
    a_.rorx(kT2, value, 47);
    a_.alu32_imm(kAdd, kT2, 1);
    a_.test32_imm(kT2, 0x1'fffe);
}

// A call to where no code can be faults once the stack is known to be good, but before it is written.
void BlockEmitter::emit_check_target(const Instruction& in) {
    a_.load(kT2, target_slot());
    emit_canonical_check(kT2);
    const Jump canonical = a_.jcc_short(kE);
    a_.load(kT0, target_slot());
    a_.load_imm(kT2, indirect_record(in.offset, 0));
    a_.jmp_to(thunks_.jump_cache_miss);
    a_.bind(canonical);
}

void BlockEmitter::emit_call_indirect(const Instruction& in) {
    save_flags();
    emit_load_target(in);
    a_.store(target_slot(), kT0);
    const HostMem to = emit_return_address_slot(in);
    if (code64_) emit_check_target(in);
    emit_store_return_address(in, to);
    a_.load(kT0, target_slot());
    emit_indirect_exit(in, -static_cast<std::int64_t>(width()));
}

void BlockEmitter::emit_return(const Instruction& in) {
    save_flags();
    load_width(kT0, emit_access(in, stack_access(in, kGuestRsp, 0, false)));
    std::int64_t bytes = width();
    if (in.info().operand_count_visible > 0) bytes += static_cast<std::int64_t>(in.operand(0).imm.value.u & 0xffff);
    emit_stack_pointer_add(bytes);
    emit_indirect_exit(in, bytes);
}

// With SMAP off, C++ does it. The block ends: what follows probes for another access class.
void BlockEmitter::emit_access_flag(const Instruction& in) {
    save_flags();
    if (in.info().mnemonic == ZYDIS_MNEMONIC_STAC) {
        a_.alu32_mem_imm(kOr, STATE(rflags), static_cast<std::int32_t>(x86::rflags::AC));
    } else {
        a_.test32_mem_imm(STATE(cr4), static_cast<std::uint32_t>(x86::cr4::SMAP));
        add_system_stub(a_.jcc(kE), in);
        a_.alu32_mem_imm(kAnd, STATE(rflags), ~static_cast<std::int32_t>(x86::rflags::AC));
    }
    emit_direct_exit(in.end(), guest_offset(in));
    lists_.exits.back().changes_access = true;
}

void BlockEmitter::emit_system(const Instruction& in) { add_system_stub(a_.jmp(), in); }

// `from` leads to C++, which does all of the instruction.
void BlockEmitter::add_system_stub(const Jump& from, const Instruction& in) {
    const std::uint64_t value = static_cast<std::uint64_t>(in.stored) << 32 | in.offset;
    add_exit_stub(from, CodeExit::System, value, guest_offset(in));
}

}  // namespace hospes::translator
