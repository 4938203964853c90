// Addresses of memory operands and the soft TLB probes that guard every access.
//
// Two forms of the resulting operand: "addend": [base + T1 + disp], T1 = host - guest, off the address's critical path;
// and "offset": [T0 + T1], T0 = offset in the page and T1 = host page, for addresses that are more than base + disp.
#include "engine/translator/analyze/loop.h"
#include "engine/translator/decode/alignment.h"
#include "engine/translator/decode/decoder.h"
#include "engine/translator/decode/registers.h"
#include "engine/translator/emit/block_emitter.h"

namespace hospes::translator {

using namespace x86;

namespace {

static_assert(kMaxWindow >> AccessInfo::kSizeBits == 0);

bool fits32(std::int64_t value) { return value == static_cast<std::int32_t>(value); }

// Byte offset of the entry tables of the access class.
std::int64_t tlb_offset(Mode mode) {
    return static_cast<std::int64_t>(offsetof(GuestState, tlb) +
                                     sizeof(TlbTable) * static_cast<unsigned>(mode.access_class()));
}
std::int64_t tag_offset(bool write) {
    return static_cast<std::int64_t>(write ? offsetof(TlbEntry, write_tag) : offsetof(TlbEntry, read_tag));
}
HostMem stack_window(Mode mode, std::size_t field) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, stack_window) + field +
                                                sizeof(StackWindow) * static_cast<unsigned>(mode.access_class())));
}

// Segments that count: FS and GS always, CS in 32-bit code (it is never writable), the others where not all are flat.
int counted_segment(const ZydisDecodedOperandMem& mem, Mode mode) {
    switch (mem.segment) {
        case ZYDIS_REGISTER_FS: return FS;
        case ZYDIS_REGISTER_GS: return GS;
        case ZYDIS_REGISTER_CS: return mode.has(Mode::kCode64) ? -1 : CS;
        case ZYDIS_REGISTER_SS: return mode.has(Mode::kSegmented) ? SS : -1;
        case ZYDIS_REGISTER_ES: return mode.has(Mode::kSegmented) ? ES : -1;
        case ZYDIS_REGISTER_DS: return mode.has(Mode::kSegmented) ? DS : -1;
        default: return -1;
    }
}

HostMem segment_base(int segment) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, segment_base)) + segment * 8);
}

SegmentRegister segment_number(ZydisRegister reg) {
    return reg >= ZYDIS_REGISTER_ES && reg <= ZYDIS_REGISTER_GS ? static_cast<SegmentRegister>(reg - ZYDIS_REGISTER_ES)
                                                                : DS;
}

// Whether the instruction reports a pending x87 exception before it does anything: all of the x87 and MMX but FNSTCW
// and FNSTSW.
bool waits_for_x87(const Instruction& in) {
    const ZydisDecodedInstruction& info = in.info();
    if (info.mnemonic == ZYDIS_MNEMONIC_FNSTCW || info.mnemonic == ZYDIS_MNEMONIC_FNSTSW) return false;
    if (info.meta.category == ZYDIS_CATEGORY_X87_ALU) return true;
    for (unsigned i = 0; i < info.operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operand(i);
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        if (ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_MMX) return true;
    }
    return false;
}

constexpr Sharing kAlone{};

bool is_rip(ZydisRegister reg) { return reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP; }

}  // namespace

BlockEmitter::Access BlockEmitter::operand_access(const Instruction& in) const {
    Access access;
    access.address.in = &in;
    if (options_.breakage == Breakage::Memory) access.address.disp = 1;
    access.size = in.access_size;
    access.write = in.writes_memory;
    access.sharing = &in.sharing;
    const auto& mem = in.memory_operand().mem;
    access.segment = segment_number(mem.segment);
    // Past the stack window there may be a host fault; with AH to BH a register may be displaced then.
    access.stack = code64_ && mem.base == ZYDIS_REGISTER_RSP && counted_segment(mem, mode_) < 0 && !in.high_byte;
    return access;
}

BlockEmitter::Access BlockEmitter::stack_access(const Instruction& in, HostReg base, std::int64_t disp,
                                                bool write) const {
    Access access;
    access.address.base = base;
    access.address.disp = disp;
    access.size = width();
    access.write = write;
    access.stack = base == kGuestRsp && !mode_.has(Mode::kSegmented);
    access.segment = SS;
    access.sharing = &in.sharing;
    return access;
}

// An address is simple if it is a register that has a home, plus a constant, in 64-bit arithmetic.
bool BlockEmitter::is_simple(const Address& address) const { return simple_base(address) != kNoReg; }

HostReg BlockEmitter::simple_base(const Address& address) const {
    if (address.from_scratch || !code64_) return kNoReg;
    if (address.in == nullptr) return address.base;
    constexpr std::int64_t kFarthest = (1ll << 31) - 1024;  // leaves room for a group's range
    if (simple_disp(address) > kFarthest || simple_disp(address) < -kFarthest) return kNoReg;
    const auto& mem = address.in->memory_operand().mem;
    if (mem.index != ZYDIS_REGISTER_NONE || mem.base == ZYDIS_REGISTER_NONE || is_rip(mem.base)) return kNoReg;
    if (address.in->info().address_width != 64 || counted_segment(mem, mode_) >= 0) return kNoReg;
    return host_register(register_number(mem.base));
}

std::int64_t BlockEmitter::simple_disp(const Address& address) const {
    return address.disp + (address.in == nullptr ? 0 : address.in->memory_operand().mem.disp.value);
}

void BlockEmitter::emit_address(HostReg to, const Address& address) {
    if (address.from_scratch) {
        a_.load(to, at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch[kAddressSlot]))));
        if (address.disp != 0) a_.lea(to, at(to, address.disp));
    } else if (address.in != nullptr) {
        emit_operand_address(to, *address.in, address.disp);
    } else if (code64_) {
        a_.lea(to, at(address.base, address.disp));
    } else {
        a_.lea32(to, at(address.base, address.disp));  // any wrap comes out right: only the low half counts
        if (mode_.has(Mode::kSegmented)) {
            a_.load32(kT1, segment_base(SS));
            a_.lea32(to, at(to, kT1, 0, 0));
            emit_segment_guard(to, SS);
        }
    }
}

// After all other arithmetic: 32-bit instructions would cut it off.
void BlockEmitter::emit_segment_guard(HostReg to, int segment) {
    a_.load(kT1, at(kState, static_cast<std::int64_t>(offsetof(GuestState, segment_guard)) + segment * 8));
    a_.lea(to, at(to, kT1, 0, 0));
}

// The linear address of the ModRM operand, plus `extra`. Clobbers T1 and `to` only; keeps the flags.
void BlockEmitter::emit_operand_address(HostReg to, const Instruction& in, std::int64_t extra) {
    emit_operand_offset(to, in, extra);
    emit_operand_segment(to, in);
}

// From an offset in the segment to the linear address.
void BlockEmitter::emit_operand_segment(HostReg to, const Instruction& in) {
    const int segment = counted_segment(in.memory_operand().mem, mode_);
    if (segment < 0) return;
    a_.load(kT1, segment_base(segment));
    code64_ ? a_.lea(to, at(to, kT1, 0, 0)) : a_.lea32(to, at(to, kT1, 0, 0));
    if (!code64_) emit_segment_guard(to, segment);
}

void BlockEmitter::emit_address_wrap(HostReg to, unsigned address_width) {
    if (address_width == 32) a_.mov32(to, to);
    if (address_width == 16) a_.movzx16_rr(to, to);
}

void BlockEmitter::emit_operand_offset(HostReg to, const Instruction& in, std::int64_t extra) {
    const auto& mem = in.memory_operand().mem;
    const unsigned address_width = in.info().address_width;
    std::int64_t disp = mem.disp.value + extra;
    if (address_width == 32) disp = static_cast<std::int32_t>(disp);
    HostMem sum;
    if (is_rip(mem.base)) {
        disp += in.end();
        a_.load(to, STATE(page_base));
        sum.base = to;
        if (!fits32(disp)) {
            a_.load_imm(kT1, static_cast<std::uint64_t>(disp));
            sum.index = kT1;
            disp = 0;
        }
    } else {
        if (mem.base != ZYDIS_REGISTER_NONE) sum.base = use(register_number(mem.base), to);
        if (mem.index != ZYDIS_REGISTER_NONE) {
            sum.index = use(register_number(mem.index), kT1);
            sum.scale = static_cast<std::uint8_t>(mem.scale == 8 ? 3 : mem.scale == 4 ? 2 : mem.scale == 2 ? 1 : 0);
        }
    }
    if (!fits32(disp)) {  // only through `extra` at the edge of the range
        a_.lea(to, sum);
        a_.load_imm(kT1, static_cast<std::uint64_t>(disp));
        sum = at(to, kT1, 0, 0);
        disp = 0;
    }
    sum.disp = static_cast<std::int32_t>(disp);
    if (address_width == 64) {
        a_.lea(to, sum);
    } else {
        a_.lea32(to, sum);
        if (address_width == 16) a_.movzx16_rr(to, to);
    }
}

HostMem BlockEmitter::emit_access(const Instruction& in, const Access& access, bool flags_needed, bool reader_ahead) {
    if (mode_.has(Mode::kBounce)) return emit_bounced(access);
    const Sharing& sharing = each_probes_ ? kAlone : *access.sharing;
    if (sharing.role == Sharing::InWindow) return emit_window_access(sharing);
    if (sharing.role == Sharing::Later) return emit_shared_again(access);

    bool host_flags = flags_needed && flags_ == Flags::Host;
    if (host_flags && !reader_ahead) {
        save_flags();
        host_flags = false;
    }
    const bool first = sharing.role == Sharing::First;
    const std::int64_t low = first ? sharing.low : 0;
    const std::uint32_t span = first ? sharing.span : access.size;
    const bool write = access.write || (first && sharing.write);
    const bool simple = is_simple(access.address);
    const bool slow = mode_.has(Mode::kAlignment);
    const bool stack = access.stack && simple && !host_flags && !slow && options_.stack_window;
    const bool offset_form = !simple && !first;
    Jump miss;
    if (slow) {
        miss = a_.jmp();
    } else if (host_flags) {
        miss = emit_probe_with_flags(access, low, span, write);
    } else if (stack) {
        miss = emit_probe_stack(access, low, span);
    } else {
        Address lowest = access.address;
        lowest.disp += low;
        emit_address(kT0, lowest);
        miss = emit_probe(span, write, offset_form);
    }
    std::uint32_t info = span | slow_info(in, access);
    if (write) info |= AccessInfo::kNeedsWrite;
    if (slow) info |= AccessInfo::alignment(checked_alignment(in, access.size));
    if (first) {
        info |= AccessInfo::kShared;
    } else if (in.kind == Kind::Plain && suppresses_faults(in.info()) && options_.breakage != Breakage::Mask) {
        info |= AccessInfo::of(lanes_of(in));
    }
    if (host_flags) info |= AccessInfo::kHostFlags;
    if (stack) info |= AccessInfo::kStack;
    const bool guesses = sharing.guess != Sharing::kNoGuess && simple && !slow && !host_flags;
    if (guesses) emit_guess(in, sharing.guess);
    lists_.slow_stubs.push_back({miss, a_.cursor(), access, info, guest_offset(in), offset_form, low, flags_});
    window_ = -1;
    if (first) {
        a_.store(at(kState, static_cast<std::int64_t>(offsetof(GuestState, windows)) + sharing.slot * 8), kT1);
        window_ = sharing.slot;
        if (!simple) emit_address(kT0, access.address);  // the base is a displaced register: T1 is not touched
    }
    if (!simple) return at(kT0, kT1, 0, 0);
    return at(simple_base(access.address), kT1, 0, simple_disp(access.address));
}

// What does not depend on how the access is made.
std::uint32_t BlockEmitter::slow_info(const Instruction& in, const Access& access) const {
    std::uint32_t info = static_cast<std::uint32_t>(mode_.access_class()) << AccessInfo::kClassShift |
                         static_cast<std::uint32_t>(access.segment) << AccessInfo::kSegmentShift;
    if (access.write) info |= AccessInfo::kWrite;
    if (waits_for_x87(in)) info |= AccessInfo::kX87;
    return info;
}

// A member of a group whose first access found the addend.
HostMem BlockEmitter::emit_shared_again(const Access& access) {
    const Sharing& sharing = *access.sharing;
    if (window_ != sharing.slot) {
        a_.load(kT1, at(kState, static_cast<std::int64_t>(offsetof(GuestState, windows)) + sharing.slot * 8));
        window_ = sharing.slot;
    }
    const std::int64_t disp = simple_disp(access.address) + (options_.breakage == Breakage::Sharing ? 1 : 0);
    if (is_simple(access.address)) return at(simple_base(access.address), kT1, 0, disp);
    // The base is a displaced register.
    const auto& mem = access.address.in->memory_operand().mem;
    return at(use(register_number(mem.base), kT0), kT1, 0, disp);
}

HostMem BlockEmitter::emit_bounced(const Access& access) {
    a_.load(kT1, STATE(bounce));
    (void)access;
    return at(kT1);
}

// Looks for the address in T0. Flags are free. On a hit T1 is the addend, or (offset form) T0 the page offset and T1
// the host page.
Jump BlockEmitter::emit_probe(std::uint32_t span, bool write, bool offset_form) {
    const std::int64_t table = tlb_offset(mode_);
    a_.rorx(kT1, kT0, kPageBits - 5);
    a_.alu32_imm(kAnd, kT1, static_cast<std::int32_t>((kTlbEntries - 1) << 5));
    a_.alu(kAdd, kT0, at(kState, kT1, 0, table + tag_offset(write)));
    a_.alu_imm(kCmp, kT0, static_cast<std::int32_t>(kPageSize - span));
    const Jump miss = a_.jcc(kA);
    const std::size_t field = offset_form ? offsetof(TlbEntry, host_page) : offsetof(TlbEntry, addend);
    a_.load(kT1, at(kState, kT1, 0, table + static_cast<std::int64_t>(field)));
    return miss;
}

// Flags are free; the page that stack accesses used last, at a fixed place.
Jump BlockEmitter::emit_probe_stack(const Access& access, std::int64_t low, std::uint32_t span) {
    a_.load(kT0, stack_window(mode_, offsetof(StackWindow, tag)));
    a_.lea(kT0, at(kT0, simple_base(access.address), 0, simple_disp(access.address) + low));
    a_.alu_imm(kCmp, kT0, static_cast<std::int32_t>(kPageSize - span));
    const Jump miss = a_.jcc(kA);
    a_.load(kT1, stack_window(mode_, offsetof(StackWindow, addend)));
    return miss;
}

// Flags are live: nothing here writes them. RCX makes room for JRCXZ, the only branch that reads no flag.
Jump BlockEmitter::emit_probe_with_flags(const Access& access, std::int64_t low, std::uint32_t span, bool write) {
    Address lowest = access.address;
    lowest.disp += low;
    const std::int64_t table = tlb_offset(mode_);
    emit_address(kT0, lowest);
    a_.pext(kT1, kT0, STATE(mask_index));
    a_.mov(kT2, RCX);
    a_.lea(kT1, {kNoReg, 0, kT1, 2});
    a_.load(RCX, at(kState, kT1, 3, table + tag_offset(write)));
    a_.lea(RCX, at(RCX, kT0, 0, span - 1));
    a_.pext(RCX, RCX, STATE(mask_page));
    const Jump hit = a_.jrcxz();
    a_.mov(RCX, kT2);
    const Jump miss = a_.jmp();
    a_.bind(hit);
    a_.mov(RCX, kT2);
    a_.load(kT1, at(kState, kT1, 3, table + static_cast<std::int64_t>(offsetof(TlbEntry, addend))));
    return miss;
}

}  // namespace hospes::translator
