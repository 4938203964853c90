#include <string>

#include "forms/instantiate.h"
#include "forms/values.h"

namespace hospes::oracle {

const char* place_name(Place place) {
    static constexpr const char* kNames[] = {"inside", "misaligned", "cross-pages",     "first-absent", "second-absent",
                                             "absent", "read-only",  "cross-read-only", "non-canonical"};
    return kNames[static_cast<unsigned>(place)];
}

std::uint64_t place_address(Random& random, Place place, unsigned size) {
    // Whether the end of FXSAVE's area, which nothing is written to, must be writable is up to the CPU.
    const unsigned reach = size >= 512 ? 256 : size - 1;
    const unsigned before = size < 2 ? 1 : 1 + random.below(reach);  // bytes before a boundary
    switch (place) {
        case Place::CrossPages: return kPageB - before;
        case Place::FirstAbsent: return kPageD - before;
        case Place::SecondAbsent: return kPageD + kPageSize - (size < 2 ? 0 : before);
        case Place::Absent: return kPageC + kPageSize + 64 + random.below(1024);
        case Place::ReadOnly: return kPageC + 64 * random.below(48) + (random.one_in(3) ? random.below(64) : 0);
        case Place::CrossReadOnly: return kPageC - before;
        case Place::NonCanonical: return (1ull << 47) + (random.next() >> 18);
        case Place::Misaligned: return kPageA + 128 + random.below(7000);
        default: return kPageA + 128 + 64 * random.below(100);
    }
}

namespace {

unsigned gpr_number(ZydisRegister reg) {
    const auto id = ZydisRegisterGetId(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg));
    return static_cast<unsigned>(id) & 15u;
}

std::uint64_t segment_base(ZydisRegister segment) {
    return segment == ZYDIS_REGISTER_FS ? kFsBase : segment == ZYDIS_REGISTER_GS ? kGsBase : 0;
}

void fill_vector_index(Random& random, CpuImage& state, const Draft& draft, const ZydisDecodedOperand& operand) {
    auto& vector = state.vector[static_cast<unsigned>(ZydisRegisterGetId(operand.mem.index)) & 31u];
    const std::string name = ZydisMnemonicGetString(draft.form.mnemonic);  // vpgatherqd, vscatterdps
    const bool quads = name.find("erq") != std::string::npos;
    const unsigned step = quads ? 8 : 4;
    for (unsigned at = 0; at < (has_avx512 ? 64u : 32u); at += step) {
        const std::int64_t value = random.one_in(12) ? random.between(-20000, 20000) : random.between(-20, 100);
        for (unsigned i = 0; i < step; ++i) vector[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

// Gives base (and index) of one operand values that lead to `target`.
void pin_operand(Random& random, Draft& draft, Case& test, const ZydisDecodedOperand& operand, std::uint64_t target) {
    CpuImage& state = test.initial;
    const bool vector_index = operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB;
    std::uint64_t offset = target - segment_base(operand.mem.segment);
    if (operand.mem.disp.has_displacement) offset -= static_cast<std::uint64_t>(operand.mem.disp.value);
    if (vector_index) {
        fill_vector_index(random, state, draft, operand);
    } else if (operand.mem.index != ZYDIS_REGISTER_NONE) {
        const unsigned index = gpr_number(operand.mem.index);
        if (operand.mem.index == ZYDIS_REGISTER_AL) {
            offset -= state.gpr[index] & 0xff;
        } else {
            state.gpr[index] = static_cast<std::uint64_t>(random.between(-300, 300));
            if (draft.form.compat) state.gpr[index] &= 0xffffffff;
            draft.pinned |= 1u << index;
            offset -= state.gpr[index] * operand.mem.scale;
        }
    }
    if (operand.mem.base == ZYDIS_REGISTER_NONE || ZydisRegisterGetClass(operand.mem.base) == ZYDIS_REGCLASS_IP) return;
    const unsigned base = gpr_number(operand.mem.base);
    if (operand.mem.base == operand.mem.index) return;  // the displacement will be adjusted
    if (draft.instance.address_size || draft.form.address_size) {
        offset = (offset & 0xffffffff) | (random.next() << 32);  // what the prefix makes the CPU ignore
    }
    state.gpr[base] = draft.form.compat ? offset & 0xffffffff : offset;
    draft.pinned |= 1u << base;
}

}  // namespace

void pin_addresses(Random& random, Draft& draft, Case& test) {
    unsigned memory_operands = 0;
    for (unsigned i = 0; i < draft.decoded.instruction.operand_count; ++i) {
        memory_operands += draft.decoded.operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY;
    }
    unsigned special = memory_operands < 2 ? 0 : random.below(memory_operands);  // the one that is placed as asked
    for (unsigned i = 0; i < draft.decoded.instruction.operand_count; ++i) {
        const ZydisDecodedOperand& operand = draft.decoded.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        const unsigned size = operand.size == 0 ? 8 : operand.size / 8u;
        const bool chosen = special == 0;
        --special;
        std::uint64_t target = place_address(random, chosen ? draft.place : Place::Misaligned, size);
        const bool explicit_operand = operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
        if (explicit_operand) draft.target = target;
        const bool pointer_taken =
            operand.mem.base != ZYDIS_REGISTER_NONE && (draft.pinned >> gpr_number(operand.mem.base) & 1) != 0;
        if (!explicit_operand && pointer_taken) continue;
        // A hidden stack operand of a push lies below RSP.
        if (!explicit_operand && operand.mem.base == ZYDIS_REGISTER_RSP &&
            (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
            target += size;
        }
        pin_operand(random, draft, test, operand, target);
        // Values worth computing with, where the operand is.
        if (random.one_in(4) && explicit_operand) continue;
        std::uint8_t bytes[64];
        const unsigned length = size < 64 ? size : 64;
        random_data(random, bytes, length);
        if (explicit_operand) add_patch(test, target, bytes, length);
    }
}

}  // namespace hospes::oracle
