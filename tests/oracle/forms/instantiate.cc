#include "forms/instantiate.h"

#include <cstring>

#include "forms/values.h"

namespace hospes::oracle {

namespace {

constexpr unsigned kRegisterVariants = 18;
constexpr unsigned kMemoryVariants = 28;
constexpr unsigned kPlainVariants = 8;

bool has_open_fields(const Form& form) {
    for (const FieldKind kind : form.fields) {
        if (kind != FieldKind::None) return true;
    }
    return false;
}

bool is_byte_masked(const Form& form) {
    return form.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ || form.mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU ||
           form.mnemonic == ZYDIS_MNEMONIC_VMASKMOVDQU;
}

bool has_implicit_memory(const Form& form) {
    switch (form.group) {
        case Group::String:
        case Group::Stack:
        case Group::Flags:
        case Group::ControlFlow: return true;
        default: return form.mnemonic == ZYDIS_MNEMONIC_XLAT || is_byte_masked(form);
    }
}

bool uses_memory(const Form& form) { return form.memory || form.moffs || has_implicit_memory(form) || form.compat; }

// The first sixteen variants walk the registers inside pages; after them comes every other place.
Place choose_place(const Form& form, unsigned variant, Random& random) {
    if (!uses_memory(form)) return Place::Inside;
    const unsigned beyond = variant % kMemoryVariants;
    if (beyond < 16) return random.one_in(3) ? Place::Misaligned : Place::Inside;
    static constexpr Place kPlaces[] = {Place::CrossPages,    Place::FirstAbsent, Place::SecondAbsent,
                                        Place::Absent,        Place::ReadOnly,    Place::CrossReadOnly,
                                        Place::NonCanonical,  Place::CrossPages,  Place::SecondAbsent,
                                        Place::CrossReadOnly, Place::CrossPages,  Place::FirstAbsent};
    // Whether bytes that the mask leaves out fault is up to the CPU.
    if (is_byte_masked(form)) return Place::CrossPages;
    const Place place = kPlaces[(beyond - 16) % (sizeof kPlaces / sizeof kPlaces[0])];
    return form.compat && place == Place::NonCanonical ? Place::Absent : place;
}

// A load of FS or GS would change the base that the harness set for the whole batch. CS differs where 32-bit code runs
// as 64-bit code.
unsigned choose_segment(const Form& form, unsigned number) {
    const bool load = form.opcode == 0x8e;
    const unsigned segment = load ? number % 4 : number % 6;
    return form.compat && segment == 1 ? 0 : segment;
}

// Mostly a mask, where there may be one; and zeroing, which stores and comparisons do not have: then there is no such
// encoding.
void choose_mask(const Form& form, Random& random, Instance& instance) {
    if (!form.masked || (!form.needs_mask && random.one_in(4))) return;
    instance.mask = static_cast<std::uint8_t>(1 + random.below(7));
    instance.zeroing = random.one_in(3);
}

// Odd multipliers, so that sixteen variants in a row bring each register into each position.
void choose_registers(const Form& form, unsigned variant, Random& random, Instance& instance) {
    static constexpr unsigned kStep[kFieldCount] = {1, 5, 1, 3, 7};
    static constexpr unsigned kOffset[kFieldCount] = {0, 3, 0, 6, 1};
    const unsigned highest = form.compat ? 7 : 15;
    for (unsigned field = 0; field < kFieldCount; ++field) {
        const FieldKind kind = form.fields[field];
        const unsigned mask = form.evex && !form.compat && kind == FieldKind::Vector ? 31 : highest;
        unsigned number = (variant * kStep[field] + kOffset[field]) & mask;
        if (variant >= 16 && random.one_in(2)) number = random.below(mask + 1);
        if (mask == 31 && random.one_in(2)) number ^= 16;
        if (kind == FieldKind::Mmx || kind == FieldKind::St || kind == FieldKind::Mask) number &= 7;
        if (kind == FieldKind::Segment) number = choose_segment(form, number);
        if (kind == FieldKind::None) number = 0;
        instance.registers[field] = static_cast<std::uint8_t>(number);
    }
    choose_mask(form, random, instance);
    instance.force_rex = !form.compat && random.one_in(3);
    instance.force_vex3 = random.one_in(2);
}

void choose_addressing(const Form& form, unsigned variant, Random& random, Instance& instance) {
    const unsigned mask = form.compat ? 7 : 15;
    instance.base = static_cast<std::uint8_t>((variant * 5 + 3) & mask);
    if (form.vsib || random.one_in(2)) {
        instance.index =
            static_cast<std::uint8_t>(random.below(form.vsib && form.evex && !form.compat ? 32 : mask + 1));
        if (instance.index == 4 && !form.vsib) instance.index = kNoRegister;
        instance.scale = static_cast<std::uint8_t>(random.below(4));
    }
    static constexpr std::uint8_t kSizes[] = {0, 1, 4};
    instance.displacement_bytes = kSizes[random.below(3)];
    instance.displacement = static_cast<std::int32_t>(instance.displacement_bytes == 1 ? random.between(-128, 127)
                                                                                       : random.between(-3000, 3000));
    if (variant >= 16 || random.one_in(8)) {
        const unsigned kind = random.below(8);
        if (kind == 0 && !form.compat && !form.vsib) instance.rip_relative = true;
        if (kind == 1) instance.base = kNoRegister;
    }
    // An index that is the base too leaves only a displacement to adjust, which must then be long.
    if (!form.vsib && instance.base == instance.index) instance.displacement_bytes = 4;
    if (instance.rip_relative) instance.base = instance.index = kNoRegister;
    if (!form.compat && random.one_in(6)) instance.segment = random.one_in(2) ? 0x64 : 0x65;
    if (!form.compat && !form.address_size && random.one_in(8)) instance.address_size = true;
}

FpuMood mood_of(const Form& form, Random& random) {
    switch (form.group) {
        case Group::X87:
        case Group::FpuEnv:
        case Group::Mmx: return FpuMood::X87;
        case Group::Compat32: return random.one_in(2) ? FpuMood::X87 : FpuMood::Sse;
        case Group::Sse:
        case Group::Sse2:
        case Group::Sse34:
        case Group::Avx:
        case Group::Avx2:
        case Group::Fma:
        case Group::Avx512:
        case Group::Avx512More:
        case Group::F16c: return FpuMood::Sse;
        default: return FpuMood::Calm;
    }
}

void set_allowance(const Form& form, Allowance& allowance) {
    allowance.undefined_flags = form.flags_undefined;
    allowance.faulting_flags = form.flags_written;
    allowance.vector_after_fault = form.vsib;
    // Microcoded stores of many words: how much is written before a fault is up to the CPU. So is how far scatters
    // come.
    allowance.memory_after_fault = form.vsib || form.memory_bytes > 64 || form.mnemonic == ZYDIS_MNEMONIC_FNSTENV ||
                                   form.mnemonic == ZYDIS_MNEMONIC_ENTER || form.mnemonic == ZYDIS_MNEMONIC_PUSHA ||
                                   form.mnemonic == ZYDIS_MNEMONIC_PUSHAD;
    allowance.fault_address_in_page =
        (allowance.memory_after_fault && !form.vsib) || form.mnemonic == ZYDIS_MNEMONIC_FLDENV;
    allowance.integers_after_fault = form.mnemonic == ZYDIS_MNEMONIC_POPA || form.mnemonic == ZYDIS_MNEMONIC_POPAD;
}

// FXSAVE tells which bits MXCSR has: AMD's one more than the CPU models.
void ignore_mxcsr_mask(const Draft& draft, Case& test) {
    const auto mnemonic = draft.form.mnemonic;
    if (mnemonic != ZYDIS_MNEMONIC_FXSAVE && mnemonic != ZYDIS_MNEMONIC_FXSAVE64) return;
    const std::int64_t offset = image_offset(draft.target + 28);
    if (offset >= 0) test.ignored = {static_cast<std::uint32_t>(offset), 4};
}

// Displacements that no register can make up for.
void patch_displacement(const Instance& instance, const Draft& draft, const Case& test, Assembled& code) {
    if (code.displacement_length != 4 || draft.decoded.instruction.operand_count == 0) return;
    std::uint64_t value = 0;
    const std::uint64_t segment = instance.segment == 0x64 ? kFsBase : instance.segment == 0x65 ? kGsBase : 0;
    const std::uint64_t wanted = draft.target - segment;
    if (instance.rip_relative) {
        value = wanted - draft.next_rip;
    } else if (instance.base == kNoRegister || instance.base == instance.index) {
        if (draft.form.vsib) return;
        const std::uint64_t index = instance.index == kNoRegister ? 0 : test.initial.gpr[instance.index];
        value = wanted - (index << instance.scale) - (instance.base == kNoRegister ? 0 : index);
    } else {
        return;
    }
    std::memcpy(code.bytes + code.displacement_at, &value, 4);
}

}  // namespace

unsigned full_variants(const Form& form) {
    if (!form.raw.empty()) return 1;
    if (uses_memory(form)) return kMemoryVariants;
    return has_open_fields(form) ? kRegisterVariants : kPlainVariants;
}

void add_patch(Case& test, std::uint64_t address, const void* bytes, unsigned length) {
    const std::int64_t first = image_offset(address);
    const std::int64_t last = image_offset(address + length - 1);
    if (test.patch_count >= kMaxPatches || first < 0 || last - first != static_cast<std::int64_t>(length) - 1) return;
    Patch& patch = test.patches[test.patch_count++];
    patch.offset = static_cast<std::uint32_t>(first);
    patch.length = length;
    std::memcpy(patch.bytes, bytes, length);
}

bool compat_is_native = false;

namespace {

bool instantiate_raw(const Form& form, Random& random, std::uint64_t address, Experiment& experiment) {
    experiment = Experiment{};
    experiment.form = &form;
    experiment.address = address;
    experiment.code = form.raw;
    experiment.scenario = "as it is";
    random_state(random, FpuMood::Calm, experiment.test.initial);
    experiment.test.initial.rip = address;
    experiment.test.cs = kUserCode64;
    if (random.one_in(2)) experiment.test.initial.gpr[3] = kPageA + 128;  // RBX, its base
    return true;
}

bool is_encoding(const Form& form, const Assembled& code) {
    std::uint8_t padded[sizeof code.bytes + 8] = {};  // room for immediates
    std::memcpy(padded, code.bytes, code.length);
    Decoded decoded;
    return decode(form.compat, padded, 15, decoded);
}

}  // namespace

bool instantiate(const Form& form, unsigned variant, Random& random, std::uint64_t address, Experiment& experiment) {
    if (!form.raw.empty()) return instantiate_raw(form, random, address, experiment);
    Instance instance;
    choose_registers(form, variant, random, instance);
    if (form.memory) choose_addressing(form, variant, random, instance);
    Assembled code = assemble(form, instance);  // once without immediates, for the length
    if (instance.zeroing && !is_encoding(form, code)) {
        instance.zeroing = false;
        code = assemble(form, instance);
    }
    instance.immediate = choose_immediate(form, random, code.length);
    code = assemble(form, instance);

    Decoded decoded;
    if (!decode(form.compat, code.bytes, code.length, decoded) || decoded.instruction.mnemonic != form.mnemonic ||
        decoded.instruction.length != code.length) {
        return false;
    }
    if (form.compat && !compat_is_native && !same_in_64_bits(form, code)) return false;
    experiment = Experiment{};
    experiment.form = &form;
    experiment.compat = form.compat;
    // One instruction in a few lies across two pages of code.
    const std::uint64_t page_end = (address | kPageMask) + 1;
    if (page_end - address < 64 && code.length > 1) address = page_end - 1 - random.below(code.length - 1u);
    experiment.address = address;

    Draft draft{form, instance, decoded, choose_place(form, variant, random), address + code.length};
    Case& test = experiment.test;
    random_state(random, mood_of(form, random), test.initial);
    test.initial.rip = address;
    test.cs = form.compat ? kUserCode32 : kUserCode64;
    if (form.compat) {
        for (unsigned i = 0; i < 16; ++i) test.initial.gpr[i] &= 0xffffffff;
    }
    pin_addresses(random, draft, test);
    specialise(random, draft, test);
    patch_displacement(instance, draft, test, code);
    if (form.moffs) std::memcpy(code.bytes + code.length - form.immediate_bytes, &draft.target, form.immediate_bytes);
    experiment.code.assign(code.bytes, code.bytes + code.length);
    experiment.prefixed = form.compat;
    experiment.scenario = uses_memory(form) ? place_name(draft.place) : "registers";
    set_allowance(form, experiment.allowance);
    ignore_mxcsr_mask(draft, test);
    return true;
}

}  // namespace hospes::oracle
