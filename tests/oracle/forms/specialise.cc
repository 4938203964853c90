#include <cstring>

#include "forms/instantiate.h"
#include "forms/values.h"

namespace hospes::oracle {

namespace {

constexpr unsigned kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7;

bool is_explicit_register(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
}

void set_free(Draft& draft, Case& test, unsigned gpr, std::uint64_t value) {
    if ((draft.pinned >> gpr & 1) == 0) test.initial.gpr[gpr] = draft.form.compat ? value & 0xffffffff : value;
}

void specialise_string(Random& random, Draft& draft, Case& test) {
    const bool repeated = draft.form.repeat != 0;
    const unsigned count = random.one_in(4) ? random.below(700) : random.below(14);
    if (repeated) {
        const std::uint64_t high = draft.form.address_size ? random.next() << 32 : 0;
        test.initial.gpr[kRcx] = count | high;
    }
    if (random.one_in(3)) {  // long equal runs, so that repeated compares go on
        std::uint8_t same[64];
        std::memset(same, random.byte(), sizeof same);
        std::memcpy(&test.initial.gpr[kRax], same, draft.form.compat ? 4 : 8);
        add_patch(test, test.initial.gpr[kRsi] & 0xffffffff, same, sizeof same);
        add_patch(test, test.initial.gpr[kRdi] & 0xffffffff, same, sizeof same);
    }
    if (random.one_in(5) && draft.place <= Place::CrossPages) {  // overlapping
        test.initial.gpr[kRdi] = test.initial.gpr[kRsi] + static_cast<std::uint64_t>(random.between(-12, 12));
    }
}

void specialise_division(Random& random, Draft& draft, Case& test) {
    if (random.one_in(4)) return;
    const bool negative = draft.form.mnemonic == ZYDIS_MNEMONIC_IDIV && random.one_in(2);
    set_free(draft, test, kRdx, negative ? ~0ull : random.below(3));
    if (draft.decoded.operands[0].size == 8) {
        set_free(draft, test, kRax, negative ? ~static_cast<std::uint64_t>(random.below(900)) : random.below(900));
    } else if (negative) {
        set_free(draft, test, kRax, test.initial.gpr[kRax] | 1ull << 63 | 0x80008000);
    }
}

// Half of the compare-and-exchanges should succeed.
void specialise_exchange(Random& random, Draft& draft, Case& test) {
    if (random.one_in(2)) return;
    const auto mnemonic = draft.form.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_CMPXCHG) {
        if (draft.form.memory) {
            test.patch_count = 0;
            add_patch(test, draft.target, &test.initial.gpr[kRax], 8);
        } else {
            set_free(draft, test, draft.instance.registers[FieldRm], test.initial.gpr[kRax]);
        }
    } else {
        const unsigned half = mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B ? 8 : 4;
        std::uint8_t pair[16];
        std::memcpy(pair, &test.initial.gpr[kRax], half);
        std::memcpy(pair + half, &test.initial.gpr[kRdx], half);
        test.patch_count = 0;
        add_patch(test, draft.target, pair, 2 * half);
    }
}

// Near the instruction lies filler; data pages are not executable; some addresses are none.
std::uint64_t branch_target(Random& random, const Draft& draft) {
    switch (random.below(12)) {
        case 0: return kPageA + random.below(4096);
        case 1: return kPageC + kPageSize + random.below(4096);
        case 2:
            // Not where the stack may fault too: which of the two comes first is up to the CPU.
            if (draft.place > Place::CrossPages) return draft.next_rip + random.below(60);
            return draft.form.compat ? kPageA : 1ull << 47 | random.next() >> 20;
        default: return draft.next_rip + random.below(60);
    }
}

void specialise_branch(Random& random, Draft& draft, Case& test) {
    const auto mnemonic = draft.form.mnemonic;
    const std::uint64_t target = branch_target(random, draft);
    if (mnemonic == ZYDIS_MNEMONIC_RET) {
        test.patch_count = 0;
        add_patch(test, test.initial.gpr[kRsp], &target, 8);
    } else if (draft.form.memory) {
        test.patch_count = 0;
        add_patch(test, draft.target, &target, 8);
    } else if (draft.form.fields[FieldRm] != FieldKind::None) {
        test.initial.gpr[draft.instance.registers[FieldRm]] = target;
    } else {
        set_free(draft, test, kRcx, random.one_in(2) ? random.below(3) : random_integer(random));
        if (random.one_in(4)) test.initial.gpr[kRcx] &= 0xffffffff00000000;
    }
}

// Null selectors, the harness's own, and some beyond every table.
void specialise_selector(Random& random, Draft& draft, Case& test) {
    static constexpr std::uint16_t kSelectors[] = {0, 1, 3, 0x2b, 0x28, 0x33, 0x10, 0x18, 0x1003, 0xfff8, 0x0104};
    const std::uint16_t selector = kSelectors[random.below(sizeof kSelectors / sizeof kSelectors[0])];
    if (draft.form.memory) {
        test.patch_count = 0;
        add_patch(test, draft.target, &selector, 2);
    } else {
        set_free(draft, test, draft.instance.registers[FieldRm], selector);
    }
}

void specialise_environment(Random& random, Draft& draft, Case& test) {
    const auto mnemonic = draft.form.mnemonic;
    const std::uint32_t mxcsr = random.one_in(4) ? static_cast<std::uint32_t>(random.next()) : random.below(0x10000);
    if (mnemonic == ZYDIS_MNEMONIC_LDMXCSR || mnemonic == ZYDIS_MNEMONIC_VLDMXCSR) {
        test.patch_count = 0;
        add_patch(test, draft.target, &mxcsr, 4);
    } else if (mnemonic == ZYDIS_MNEMONIC_FXRSTOR || mnemonic == ZYDIS_MNEMONIC_FXRSTOR64) {
        test.patch_count = 0;
        std::uint8_t head[32] = {};
        head[0] = 0x7f;
        head[1] = 0x03;
        head[3] = random.byte() & 0x7f;
        head[4] = random.byte();
        std::memcpy(head + 24, &mxcsr, 4);
        draft.target &= ~15ull;
        add_patch(test, draft.target, head, sizeof head);
    }
}

void specialise_flags(Random& random, Draft& draft, Case& test) {
    (void)draft;
    // Any flag but TF, which would trap in the harness.
    const std::uint64_t flags = random.next() & ~0x100ull & (random.one_in(2) ? 0x254dd5ull : ~0ull);
    test.patch_count = 0;
    add_patch(test, test.initial.gpr[kRsp], &flags, 8);
}

void specialise_bit(Random& random, Draft& draft, Case& test) {
    const ZydisDecodedOperand& offset = draft.decoded.operands[1];
    if (!draft.form.memory || !is_explicit_register(offset) || random.one_in(16)) return;
    set_free(draft, test, draft.instance.registers[FieldReg], static_cast<std::uint64_t>(random.between(-900, 900)));
}

bool loads_selector(const Draft& draft) {
    return draft.form.mnemonic == ZYDIS_MNEMONIC_MOV && draft.decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(draft.decoded.operands[0].reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

}  // namespace

void specialise(Random& random, Draft& draft, Case& test) {
    switch (draft.form.mnemonic) {
        case ZYDIS_MNEMONIC_DIV:
        case ZYDIS_MNEMONIC_IDIV: return specialise_division(random, draft, test);
        case ZYDIS_MNEMONIC_CMPXCHG:
        case ZYDIS_MNEMONIC_CMPXCHG8B:
        case ZYDIS_MNEMONIC_CMPXCHG16B: return specialise_exchange(random, draft, test);
        case ZYDIS_MNEMONIC_BT:
        case ZYDIS_MNEMONIC_BTS:
        case ZYDIS_MNEMONIC_BTR:
        case ZYDIS_MNEMONIC_BTC: return specialise_bit(random, draft, test);
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFD:
        case ZYDIS_MNEMONIC_POPFQ: return specialise_flags(random, draft, test);
        case ZYDIS_MNEMONIC_ENTER:
        case ZYDIS_MNEMONIC_LEAVE:
            if (draft.form.mnemonic == ZYDIS_MNEMONIC_ENTER || random.one_in(2)) {
                set_free(draft, test, kRbp, kPageS0 + 8 * random.below(1000));
            }
            return;
        default: break;
    }
    if (loads_selector(draft)) return specialise_selector(random, draft, test);
    if (draft.decoded.instruction.meta.category == ZYDIS_CATEGORY_STRINGOP) {
        return specialise_string(random, draft, test);
    }
    if (draft.decoded.instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE) {
        return specialise_branch(random, draft, test);
    }
    specialise_environment(random, draft, test);
}

std::uint64_t choose_immediate(const Form& form, Random& random, unsigned length) {
    if (form.relative) {
        // Never onto the instruction itself or the prefix that may be in front of it: that could go on for ever.
        if (random.one_in(4)) return -(std::uint64_t{length} + 2 + random.below(16));
        return random.below(60);
    }
    if (form.mnemonic == ZYDIS_MNEMONIC_INT) {
        const std::uint8_t vector = random.byte();
        const bool taken = vector == 0x80 || (vector >= 0x19 && vector <= 0x1b);  // Linux: a system call; PVM: its own
        return taken ? 0x81 : vector;
    }
    if (form.mnemonic == ZYDIS_MNEMONIC_ENTER) return random.below(100) | random.below(40) << 16;
    if (form.mnemonic == ZYDIS_MNEMONIC_RET) return random.below(200);
    if (form.fields[FieldIs4] != FieldKind::None) return 0;
    return random_integer(random);
}

}  // namespace hospes::oracle
