// Instructions that are written again as they are, with their registers and memory operand replaced.
#include "engine/translator/decode/registers.h"
#include "engine/translator/emit/block_emitter.h"

namespace hospes::translator {

using namespace x86;

namespace {

bool is_high_byte(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH; }

// The field of the encoding that names this operand, or nullptr.
HostReg* field_of(Substitution& substitution, ZydisOperandEncoding encoding) {
    switch (encoding) {
        case ZYDIS_OPERAND_ENCODING_MODRM_REG: return &substitution.reg;
        case ZYDIS_OPERAND_ENCODING_MODRM_RM: return &substitution.rm;
        case ZYDIS_OPERAND_ENCODING_NDSNDD: return &substitution.vvvv;
        case ZYDIS_OPERAND_ENCODING_OPCODE: return &substitution.opcode;
        default: return nullptr;
    }
}

// Whether the operand's old value matters. Only plain moves are trusted to overwrite all of it: BSF, for one, leaves
// its destination alone when the source is 0.
bool needs_old_value(const Instruction& in, const ZydisDecodedOperand& operand) {
    return operand.actions != ZYDIS_OPERAND_ACTION_WRITE || operand.size < 32 ||
           in.info().meta.category != ZYDIS_CATEGORY_DATAXFER;
}

bool is_written(const ZydisDecodedOperand& operand) { return (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0; }

// Displaced guest registers of one instruction in scratch registers.
class Loan {
  public:
    explicit Loan(const Substitution& substitution) {
        taken_ = substitution.has_memory ? bit(substitution.memory.base) | bit(substitution.memory.index) : 0u;
    }

    HostReg find(unsigned guest) const {
        for (unsigned i = 0; i < count_; ++i) {
            if (guests_[i] == guest) return hosts_[i];
        }
        return kNoReg;
    }
    bool full() const { return next_free() == kNoReg; }
    HostReg add(unsigned guest) {
        const HostReg host = next_free();
        taken_ |= bit(host);
        guests_[count_] = guest;
        hosts_[count_++] = host;
        return host;
    }
    void mark_loaded(unsigned guest) { loaded_ |= 1u << guest; }
    bool is_loaded(unsigned guest) const { return (loaded_ >> guest & 1) != 0; }
    void mark_written(unsigned guest) { written_ |= 1u << guest; }

    void store_written(Assembler& a) const {
        for (unsigned i = 0; i < count_; ++i) {
            if (written_ >> guests_[i] & 1) a.store(gpr_slot(guests_[i]), hosts_[i]);
        }
    }

  private:
    static unsigned bit(HostReg reg) { return reg == kNoReg ? 0u : 1u << reg; }
    HostReg next_free() const {
        for (HostReg reg : {kT2, kT0, kT1}) {
            if (!(taken_ & bit(reg))) return reg;
        }
        return kNoReg;
    }

    unsigned taken_ = 0, loaded_ = 0, written_ = 0, count_ = 0;
    unsigned guests_[3] = {};
    HostReg hosts_[3] = {};
};

HostMem segment_field(unsigned segment, std::size_t field) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, segments) + segment * sizeof(Segment) + field));
}

}  // namespace

// Loads the constant that the guest patches, as MOV or LEA extends it.
void BlockEmitter::emit_load_constant(HostReg to, const Instruction& in, unsigned bytes, bool sign_extended) {
    a_.load_imm(kT0, reinterpret_cast<std::uint64_t>(in.constant));
    if (bytes == 8) {
        a_.load(to, at(kT0));
    } else if (sign_extended) {
        a_.movsxd(to, at(kT0));
    } else {
        a_.load32(to, at(kT0));
    }
}

// MOV of a constant to a register.
void BlockEmitter::emit_patched_move(const Instruction& in) {
    const unsigned guest = guest_gpr(in.operand(0).reg.value);
    const HostReg to = is_displaced(guest) ? kT2 : host_register(guest);
    emit_load_constant(to, in, in.info().raw.imm[0].size / 8, in.operand(0).size == 64);
    if (is_displaced(guest)) a_.store(gpr_slot(guest), kT2);
}

void BlockEmitter::emit_plain(const Instruction& in) {
    if (in.constant != nullptr) return emit_patched_move(in);
    Substitution substitution;
    if (in.memory != kNoOperand) {
        substitution.has_memory = true;
        substitution.memory = emit_access(in, operand_access(in));
        // Two scratch registers in the address and two displaced operands: too many.
        if (displaced_operands(in) > 1 && substitution.memory.base == kT0) {
            a_.lea(kT1, substitution.memory);
            substitution.memory = at(kT1);
            window_ = -1;
        }
    }
    emit_with_operands(in, substitution);
}

void BlockEmitter::emit_with_operands(const Instruction& in, Substitution& substitution) {
    Loan loan(substitution);
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operand(i);
        HostReg* field = field_of(substitution, operand.encoding);
        if (field == nullptr || !is_gpr(operand) || is_high_byte(operand.reg.value)) continue;
        const unsigned guest = guest_gpr(operand.reg.value);
        if (!is_displaced(guest)) {
            *field = host_register(guest);
            continue;
        }
        HostReg host = loan.find(guest);
        if (host == kNoReg) host = loan.add(guest);
        if (host == kT1) window_ = -1;
        *field = host;
        if (needs_old_value(in, operand) && !loan.is_loaded(guest)) {
            a_.load(host, gpr_slot(guest));
            loan.mark_loaded(guest);
        }
        if (is_written(operand)) loan.mark_written(guest);
    }
    if (in.high_byte && needs_rex(in, substitution)) {
        emit_without_rex(in, substitution);
    } else {
        reencode(a_, in, substitution);
    }
    if (options_.breakage == Breakage::Plain && in.info().meta.category == ZYDIS_CATEGORY_BINARY) {
        a_.lea(RAX, at(RAX, 1));
    }
    loan.store_written(a_);
}

// AH to BH cannot be named beside a register above 7. A low register that the instruction does not use makes room for
// the address or the other operand.
void BlockEmitter::emit_without_rex(const Instruction& in, Substitution& substitution) {
    unsigned used = 0;
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operand(i);
        if (is_gpr(operand)) used |= 1u << guest_gpr(operand.reg.value);
    }
    if (substitution.has_memory && substitution.memory.base != kNoReg) used |= 1u << substitution.memory.base;
    HostReg room = RBX;
    for (HostReg reg : {RBX, RSI, RDI, RBP, RCX, RDX, RAX}) {
        if (!(used >> reg & 1)) {
            room = reg;
            break;
        }
    }
    const HostMem spill = at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch[kSpillSlot])));
    a_.store(spill, room);
    if (substitution.has_memory) {
        a_.lea(room, substitution.memory);
        substitution.memory = at(room);
        reencode(a_, in, substitution);
    } else {
        HostReg& high = substitution.reg != kNoReg && (substitution.reg & 8) ? substitution.reg : substitution.rm;
        const HostReg other = high;
        a_.mov(room, other);
        high = room;
        reencode(a_, in, substitution);
        a_.mov(other, room);
    }
    a_.load(room, spill);
}

// LEA: the address as it is, without segment and without access.
void BlockEmitter::emit_address_of(const Instruction& in) {
    const auto& mem = in.operand(1).mem;
    const ZydisDecodedOperand& to = in.operand(0);
    const unsigned guest = guest_gpr(to.reg.value);
    const bool resident = !is_displaced(guest);
    const HostReg target = resident ? host_register(guest) : kT2;
    HostMem sum;
    std::int64_t disp = in.constant == nullptr ? mem.disp.value : 0;
    if (mem.base == ZYDIS_REGISTER_RIP || mem.base == ZYDIS_REGISTER_EIP) {
        a_.load(kT0, STATE(page_base));
        disp += in.end();
        sum.base = kT0;
        if (disp != static_cast<std::int32_t>(disp)) {
            a_.load_imm(kT1, static_cast<std::uint64_t>(disp));
            window_ = -1;
            sum.index = kT1;
            disp = 0;
        }
    } else {
        if (mem.base != ZYDIS_REGISTER_NONE) sum.base = use(guest_gpr(mem.base), kT0);
        if (mem.index != ZYDIS_REGISTER_NONE) {
            sum.index = use(guest_gpr(mem.index), kT1);
            if (sum.index == kT1) window_ = -1;
            sum.scale = static_cast<std::uint8_t>(__builtin_ctz(mem.scale));
        }
    }
    sum.disp = static_cast<std::int32_t>(disp);
    if (in.constant != nullptr) {
        a_.lea(kT2, sum);
        emit_load_constant(kT1, in, 4, true);
        window_ = -1;
        sum = at(kT2, kT1, 0, 0);
    }
    const unsigned address_width = in.info().address_width;
    const bool direct = to.size >= 32 && address_width >= 32;
    const HostReg value = direct ? target : kT0;
    if (to.size == 64 && address_width == 64) {
        a_.lea(value, sum);
    } else {
        a_.lea32(value, sum);
    }
    if (!direct) {
        if (address_width == 16) a_.movzx16_rr(kT0, kT0);
        if (!resident) a_.load(target, gpr_slot(guest));
        if (to.size == 16) {
            a_.byte(0x66);
            a_.mov32(target, kT0);
        } else {
            a_.mov32(target, kT0);
        }
    }
    if (!resident) a_.store(gpr_slot(guest), target);
}

// BT, BTS, BTR, BTC m, r: the register's upper bits select the word, its lower bits the bit.
void BlockEmitter::emit_bit_string(const Instruction& in) {
    const unsigned bits = in.access_size * 8u;
    const unsigned log2_bits = static_cast<unsigned>(__builtin_ctz(bits));
    const unsigned guest = guest_gpr(in.operand(1).reg.value);
    const auto load_index = [&] {  // sign-extended to 64 bits
        const HostReg from = use(guest, kT2);
        if (bits == 64) {
            a_.mov(kT2, from);
        } else if (bits == 32) {
            a_.movsxd(kT2, from);
        } else {
            a_.movsx16(kT2, from);
        }
    };
    Access access = operand_access(in);
    access.stack = false;
    if (!mode_.has(Mode::kBounce)) {
        load_index();
        emit_operand_offset(kT0, in, 0);
        a_.load_imm(kT1, log2_bits);
        a_.shift_x(2, kT1, kT2, kT1);
        a_.lea(kT0, at(kT0, kT1, log2_bits - 3, 0));
        emit_address_wrap(kT0, in.info().address_width);
        emit_operand_segment(kT0, in);
        a_.store(at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch[kAddressSlot]))), kT0);
        access.address = {};
        access.address.from_scratch = true;
    }
    Substitution substitution;
    substitution.has_memory = true;
    substitution.memory = emit_access(in, access);
    a_.lea(kT1, substitution.memory);
    window_ = -1;
    substitution.memory = at(kT1);
    load_index();
    // Leaves the bit's number in the word; broken: without its upper bit, so that the access stays where it is.
    a_.load_imm(kT0, (options_.breakage == Breakage::BitString ? 65 : 64) - log2_bits);
    a_.shift_x(1, kT2, kT2, kT0);
    a_.shift_x(3, kT2, kT2, kT0);
    substitution.reg = kT2;
    reencode(a_, in, substitution);
}

// RDTSC and RDTSCP plus the guest's offset, without touching the flags.
void BlockEmitter::emit_timestamp(const Instruction& in) {
    const bool ordered = in.info().mnemonic == ZYDIS_MNEMONIC_RDTSCP;
    if (ordered) a_.bytes("\x0f\xae\xe8", 3);  // LFENCE: it waits for the instructions before it
    a_.bytes("\x0f\x31", 2);
    a_.rorx(RDX, RDX, 32);
    a_.lea(RAX, at(RAX, RDX, 0, 0));
    a_.load(kT0, STATE(tsc_offset));
    a_.lea(RAX, at(RAX, kT0, 0, 0));
    a_.rorx(RDX, RAX, 32);
    a_.mov32(RDX, RDX);
    a_.mov32(RAX, RAX);
    if (ordered) a_.load32(RCX, STATE(tsc_aux));
}

// While an interrupt waits for IF, C++ does it: the interrupt comes after the next instruction.
void BlockEmitter::emit_set_interrupt(const Instruction& in) {
    if (in.live_before != 0) save_flags();
    a_.cmp32_mem_imm(STATE(interrupt_waiting), 0);
    add_system_stub(a_.jcc(kNE), in);
    a_.store_imm8(STATE(interrupt_flag), 1);
    // Inside a block nothing comes between this and the next instruction anyway.
    if (&in == &block_.back()) a_.store_imm8(STATE(interrupt_shadow), kShadowedBySti);
}

void BlockEmitter::emit_read_segment(const Instruction& in) {
    const auto segment = register_number(in.operand(1).reg.value);
    const auto guest = register_number(in.operand(0).reg.value);
    const bool keeps_rest = in.operand(0).size == 16;
    const HostReg to = is_displaced(guest) || keeps_rest ? kT0 : host_register(guest);
    a_.movzx16(to, segment_field(segment, offsetof(Segment, selector)));
    if (is_displaced(guest)) {
        keeps_rest ? a_.store16(gpr_slot(guest), kT0) : a_.store(gpr_slot(guest), kT0);
    } else if (keeps_rest) {
        a_.mov16(host_register(guest), kT0);
    }
}

// C++ knows what to do if CR4.FSGSBASE is clear or the new base is not canonical.
void BlockEmitter::emit_segment_base(const Instruction& in) {
    const bool fs = in.info().mnemonic == ZYDIS_MNEMONIC_RDFSBASE || in.info().mnemonic == ZYDIS_MNEMONIC_WRFSBASE;
    const bool reads = in.info().mnemonic == ZYDIS_MNEMONIC_RDFSBASE || in.info().mnemonic == ZYDIS_MNEMONIC_RDGSBASE;
    const bool wide = in.operand(0).size == 64;
    const auto guest = register_number(in.operand(0).reg.value);
    const HostMem base = segment_field(fs ? FS : GS, offsetof(Segment, base));
    if (in.live_before != 0) save_flags();
    a_.test32_mem_imm(STATE(cr4), static_cast<std::uint32_t>(cr4::FSGSBASE));
    add_system_stub(a_.jcc(kE), in);
    if (reads) {
        const HostReg to = is_displaced(guest) ? kT0 : host_register(guest);
        wide ? a_.load(to, base) : a_.load32(to, base);
        if (is_displaced(guest)) a_.store(gpr_slot(guest), kT0);
        return;
    }
    HostReg from = use(guest, kT0);
    if (wide) {
        emit_canonical_check(from);
        add_system_stub(a_.jcc(kNE), in);
    } else {
        a_.mov32(kT0, from);
        from = kT0;
    }
    a_.store(base, from);
    a_.store(fs ? STATE(segment_base[FS]) : STATE(segment_base[GS]), from);
}

void BlockEmitter::emit_swap_gs() {
    window_ = -1;
    a_.load(kT0, STATE(segment_base[GS]));
    a_.load(kT1, STATE(kernel_gs_base));
    a_.store(STATE(kernel_gs_base), kT0);
    a_.store(STATE(segment_base[GS]), kT1);
    a_.store(STATE(segments[GS].base), kT1);
}

}  // namespace hospes::translator
