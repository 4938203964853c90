#include "streams/instruction.h"

#include "forms/instantiate.h"
#include "forms/values.h"
#include "streams/snippets.h"

namespace hospes::oracle {

namespace {

constexpr unsigned kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4, kRsi = 6, kRdi = 7;

struct Ticket {
    Group group;
    unsigned count;
};
constexpr Ticket kTickets[] = {
    {Group::IntAlu, 24}, {Group::MovExtend, 20}, {Group::ShiftRotate, 8}, {Group::IntMulDiv, 3},  {Group::Bit, 4},
    {Group::Bmi, 5},     {Group::CmovSetcc, 8},  {Group::String, 3},      {Group::Stack, 6},      {Group::Atomic, 4},
    {Group::Flags, 3},   {Group::X87, 6},        {Group::Mmx, 4},         {Group::Sse, 3},        {Group::Sse2, 5},
    {Group::Sse34, 4},   {Group::Crypto, 2},     {Group::Avx, 6},         {Group::Avx2, 4},       {Group::Fma, 2},
    {Group::F16c, 1},    {Group::Mask, 2},       {Group::Avx512, 8},      {Group::Avx512More, 2},
};

bool is_flag_register_form(ZydisMnemonic mnemonic) {
    return mnemonic == ZYDIS_MNEMONIC_POPFQ || mnemonic == ZYDIS_MNEMONIC_POPF || mnemonic == ZYDIS_MNEMONIC_PUSHF ||
           mnemonic == ZYDIS_MNEMONIC_PUSHFQ;
}

bool is_suitable(const Form& form) {
    if (form.compat || form.vsib || form.memory_bytes > 64 || is_flag_register_form(form.mnemonic)) return false;
    for (const FieldKind kind : form.fields) {
        if (kind == FieldKind::Segment) return false;
    }
    return true;
}

unsigned gpr_of(ZydisRegister reg) {
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return static_cast<unsigned>(whole - ZYDIS_REGISTER_RAX);  // not a GPR: 16 or more
}

bool is_string(const Decoded& decoded) { return decoded.instruction.meta.category == ZYDIS_CATEGORY_STRINGOP; }

// A bit of memory that a register selects: perhaps far from the operand's address.
bool is_bit_string(const Decoded& decoded) {
    return decoded.instruction.meta.category == ZYDIS_CATEGORY_BITBYTE &&
           decoded.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
           decoded.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
}

// Hidden memory operands: only the stack's, and those of strings, whose registers are set just before.
bool has_wild_operand(const Decoded& decoded) {
    if (is_bit_string(decoded) && decoded.operands[0].mem.base == ZYDIS_REGISTER_RSP) return true;  // return addresses!
    for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            continue;
        if (operand.mem.base != ZYDIS_REGISTER_RSP && !is_string(decoded)) return true;
    }
    return false;
}

std::uint64_t choose_target(Random& random, const Form& form, unsigned faults) {
    const unsigned size = form.memory_bytes == 0 ? 8 : form.memory_bytes;
    if (random.one_in(faults)) {
        return place_address(random, static_cast<Place>(3 + random.below(5)), size);  // all but non-canonical
    }
    if (size >= 16 && !random.one_in(12)) return place_address(random, Place::Inside, size);
    static constexpr Place kUsual[] = {Place::Inside, Place::Misaligned, Place::Misaligned, Place::CrossPages};
    return place_address(random, kUsual[random.below(4)], size);
}

void set_displacement(Random& random, std::uint64_t value, Instance& instance) {
    const auto wanted = static_cast<std::int64_t>(value);
    const bool is_short = wanted == static_cast<std::int8_t>(wanted);
    instance.displacement_bytes = wanted == 0 && random.one_in(2) ? 0 : is_short ? 1 : 4;
    instance.displacement = static_cast<std::int32_t>(wanted);
}

// Slots of the current frame: above what the stream may have pushed, or in the red zone.
void address_stack(Random& random, Instance& instance) {
    instance.base = kRsp;
    const std::int64_t offset = random.one_in(2) ? random.between(0x180, 0x200) : random.between(-128, -64);
    set_displacement(random, static_cast<std::uint64_t>(offset & ~7), instance);
}

// True: RIP-relative, to be fixed up when the stream is linked.
bool choose_address(Random& random, const Reserved& reserved, std::uint64_t target, bool wide, Instance& instance) {
    const unsigned pointer = reserved.pointers[random.below(2)];
    unsigned way = random.below(16);
    if (wide && way >= 3 && way <= 5) way = 15;  // the stack is aligned to 8 only
    switch (way) {
        case 0: return instance.rip_relative = true;
        case 1:
            instance.base = instance.index = kNoRegister;
            set_displacement(random, target, instance);
            return false;
        case 2:
            instance.segment = random.one_in(2) ? 0x64 : 0x65;
            instance.base = instance.index = kNoRegister;
            set_displacement(random, target - (instance.segment == 0x64 ? kFsBase : kGsBase), instance);
            return false;
        case 3:
        case 4:
        case 5: address_stack(random, instance); return false;
        case 6:
        case 7:
        case 8:
            instance.base = static_cast<std::uint8_t>(pointer);
            instance.index = reserved.index;
            instance.scale = static_cast<std::uint8_t>(random.below(4));
            set_displacement(random,
                             target - reserved.values[pointer] - (reserved.values[reserved.index] << instance.scale),
                             instance);
            return false;
        default:
            // The third pointer's users stay near each other, as a structure's fields do.
            instance.base = random.one_in(2) ? reserved.pointers[2] : static_cast<std::uint8_t>(pointer);
            instance.address_size = random.one_in(16);
            if (instance.base == reserved.pointers[2]) {
                target = reserved.values[instance.base] + (wide ? 32 * random.below(6) : 8 * random.below(24));
            }
            set_displacement(random, target - reserved.values[instance.base], instance);
            return false;
    }
}

void append_setup(Random& random, const Decoded& decoded, const Reserved& reserved, Stream& stream) {
    const auto mnemonic = decoded.instruction.mnemonic;
    if (is_string(decoded)) {
        append_load(stream, kRsi, kPageA + 64 + random.below(7000));
        append_load(stream, kRdi, kPageA + 64 + random.below(7000));
        append_load(stream, kRcx, random.below(random.one_in(4) ? 300 : 9));
    } else if (mnemonic == ZYDIS_MNEMONIC_DIV || mnemonic == ZYDIS_MNEMONIC_IDIV) {
        append_load(stream, kRdx, 0);
        append_load(stream, kRax, random.below(20000));
    } else if (is_bit_string(decoded)) {
        const unsigned gpr = gpr_of(decoded.operands[1].reg.value);
        if (!reserved.has(gpr)) append_load(stream, gpr, static_cast<std::uint64_t>(random.between(-900, 900)));
    }
}

bool setup_is_possible(const Decoded& decoded, const Reserved& reserved) {
    const auto mnemonic = decoded.instruction.mnemonic;
    if (is_string(decoded)) return !reserved.has(kRsi) && !reserved.has(kRdi) && !reserved.has(kRcx);
    if (mnemonic == ZYDIS_MNEMONIC_DIV || mnemonic == ZYDIS_MNEMONIC_IDIV) {
        return !reserved.has(kRax) && !reserved.has(kRdx);
    }
    return true;
}

}  // namespace

bool keeps_reserved(const Decoded& decoded, const Reserved& reserved) {
    for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0) continue;
        const unsigned gpr = gpr_of(operand.reg.value);
        if (gpr >= 16 || !reserved.has(gpr)) continue;
        if (gpr == kRsp && operand.visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT) continue;
        return false;
    }
    return true;
}

InstructionSource::InstructionSource(const std::vector<Form>& forms) {
    for (const Form& form : forms) {
        if (is_suitable(form)) by_group_[static_cast<unsigned>(form.group)].push_back(&form);
    }
    for (const Ticket& ticket : kTickets) {
        if (by_group_[static_cast<unsigned>(ticket.group)].empty()) continue;
        lottery_.insert(lottery_.end(), ticket.count, ticket.group);
    }
}

const Form& InstructionSource::pick(Random& random) const {
    const Group group = lottery_[random.below(static_cast<std::uint32_t>(lottery_.size()))];
    const auto& forms = by_group_[static_cast<unsigned>(group)];
    return *forms[random.below(static_cast<std::uint32_t>(forms.size()))];
}

void InstructionSource::append(Random& random, const Reserved& reserved, unsigned faults, Stream& stream) const {
    while (!try_form(random, pick(random), reserved, faults, stream)) continue;
}

bool InstructionSource::try_form(Random& random, const Form& form, const Reserved& reserved, unsigned faults,
                                 Stream& stream) const {
    if (form.group == Group::Stack) return false;  // the generator's own, in pairs
    Instance instance;
    for (unsigned field = 0; field < kFieldCount; ++field) {
        const bool eight = form.fields[field] == FieldKind::Mmx || form.fields[field] == FieldKind::St ||
                           form.fields[field] == FieldKind::Mask;
        if (form.fields[field] != FieldKind::None) {
            const bool many = form.evex && form.fields[field] == FieldKind::Vector;
            instance.registers[field] = static_cast<std::uint8_t>(random.below(eight ? 8 : many ? 32 : 16));
        }
    }
    instance.force_rex = random.one_in(3);
    instance.force_vex3 = random.one_in(2);
    const std::uint64_t target = choose_target(random, form, faults);
    const bool relative = form.memory && choose_address(random, reserved, target, form.memory_bytes >= 16, instance);
    if (form.masked && random.one_in(2)) {
        instance.mask = static_cast<std::uint8_t>(1 + random.below(7));
        instance.zeroing = random.one_in(3);
    }
    if (form.evex && instance.displacement_bytes == 1) instance.displacement_bytes = 4;  // a byte would be scaled
    instance.immediate = choose_immediate(form, random, 0);
    if (form.moffs) instance.immediate = target;
    const Assembled code = assemble(form, instance);

    Decoded decoded;
    if (!decode(false, code.bytes, code.length, decoded) || decoded.instruction.mnemonic != form.mnemonic ||
        decoded.instruction.length != code.length || !keeps_reserved(decoded, reserved) || has_wild_operand(decoded) ||
        !setup_is_possible(decoded, reserved)) {
        return false;
    }
    append_setup(random, decoded, reserved, stream);
    Piece piece;
    piece.bytes.assign(code.bytes, code.bytes + code.length);
    piece.unit = stream.units++;
    if (relative) {
        piece.fix_at = code.displacement_at;
        piece.fix_bytes = 4;
        piece.target = target;
    }
    stream.pieces.push_back(std::move(piece));
    return true;
}

}  // namespace hospes::oracle
