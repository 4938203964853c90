// Moves of single elements or bytes under a mask. What the mask leaves out is not accessed and cannot fault.
#include <cstring>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

constexpr unsigned kMaximum = 32;

// Whether each byte of an operand takes part.
struct Selection {
    bool bytes[kMaximum] = {};
    unsigned size = 0;
};

// The sign bit of each element of `width` bytes decides.
Selection select(const std::uint8_t* mask, unsigned size, unsigned width) {
    Selection selection;
    selection.size = size;
    for (unsigned i = 0; i < size; ++i) selection.bytes[i] = (mask[i / width * width + width - 1] & 0x80) != 0;
    return selection;
}

// Calls work(address, first byte, size) for each run of selected bytes of memory operand `index`.
template <typename Work>
Checked<void> for_each_run(const GuestState& state, const DecodedInstruction& in, unsigned index,
                           const Selection& selection, Intent intent, Work work) {
    const ZydisDecodedOperand& operand = in.operands[index];
    const x86::SegmentRegister segment = segment_number(operand.mem.segment);
    const std::uint64_t base = effective_address(state, in, operand);
    const std::uint64_t address_mask = size_mask(address_bytes(in));
    unsigned first = 0;
    while (first < selection.size) {
        if (!selection.bytes[first]) {
            ++first;
            continue;
        }
        // A run ends where the address size wraps.
        unsigned end = first + 1;
        while (end < selection.size && selection.bytes[end] && ((base + end) & address_mask) != 0) ++end;
        const std::uint64_t offset = (base + first) & address_mask;
        const Gva address = GUEST_TRY(linear_address(state, segment, offset, end - first, intent, kNotChecked));
        GUEST_TRY(work(address, first, end - first));
        first = end;
    }
    return {};
}

Checked<void> load(System& system, const DecodedInstruction& in, unsigned index, const Selection& selection,
                   std::uint8_t* to) {
    const GuestState& state = system.state();
    return for_each_run(state, in, index, selection, Intent::Read,
                        [&](Gva address, unsigned first, unsigned size) -> Checked<void> {
                            return read_memory(system.mmu, address, to + first, size, state.access_class());
                        });
}

// Checks all before it writes any.
Checked<void> store(System& system, const DecodedInstruction& in, unsigned index, const Selection& selection,
                    const std::uint8_t* from) {
    const GuestState& state = system.state();
    const AccessClass access = state.access_class();
    GUEST_TRY(for_each_run(state, in, index, selection, Intent::Write,
                           [&](Gva address, unsigned, unsigned size) -> Checked<void> {
                               return check_write(system.mmu, address, size, access);
                           }));
    return for_each_run(state, in, index, selection, Intent::Write,
                        [&](Gva address, unsigned first, unsigned size) -> Checked<void> {
                            return write_memory(system.mmu, address, from + first, size, access);
                        });
}

bool is_memory(const DecodedInstruction& in, unsigned index) {
    return in.operands[index].type == ZYDIS_OPERAND_TYPE_MEMORY;
}

}  // namespace

// VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ: the mask is the second operand either way.
Checked<void> execute_vmaskmov(System& system, const DecodedInstruction& in) {
    const bool quads = in.info.mnemonic == ZYDIS_MNEMONIC_VMASKMOVPD || in.info.mnemonic == ZYDIS_MNEMONIC_VPMASKMOVQ;
    const unsigned size = in.info.avx.vector_length == 256 ? 32 : 16;
    VectorImage image(system);
    std::uint8_t mask[kMaximum];
    std::uint8_t data[kMaximum] = {};
    image.read_vector(vector_number(in.operands[1].reg.value), mask, size);
    const Selection selection = select(mask, size, quads ? 8 : 4);
    if (is_memory(in, 0)) {
        image.read_vector(vector_number(in.operands[2].reg.value), data, size);
        GUEST_TRY(store(system, in, 0, selection, data));
    } else {
        GUEST_TRY(load(system, in, 2, selection, data));
        image.write_vector(vector_number(in.operands[0].reg.value), data, size);
    }
    return advance(system.state(), in);
}

// Of MASKMOVDQU and kin, whatever the mask: the place counts, not the bytes that are written.
Checked<void> check_place(const GuestState& state, const DecodedInstruction& in) {
    constexpr Gva kAlignmentMask = 7;
    const ZydisDecodedOperand& operand = in.operands[2];
    const Gva base = state.segments[segment_number(operand.mem.segment)].base;
    return check_alignment(state, base + effective_address(state, in, operand), kAlignmentMask);
}

// MASKMOVDQU, VMASKMOVDQU: source, mask, and memory at rDI as the hidden third operand.
Checked<void> execute_maskmovdqu(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_place(system.state(), in));
    VectorImage image(system);
    const Selection selection = select(image.xmm(vector_number(in.operands[1].reg.value)), 16, 1);
    GUEST_TRY(store(system, in, 2, selection, image.xmm(vector_number(in.operands[0].reg.value))));
    return advance(system.state(), in);
}

Checked<void> execute_maskmovq(System& system, const DecodedInstruction& in) {
    VectorImage image(system);
    if (image.x87_exception_pending()) return GuestFault{x86::MF, false, 0, 0};
    const Checked<void> placed = check_place(system.state(), in);
    if (!placed.ok()) {
        image.enter_mmx();  // as AMD's processors do
        return placed;
    }
    const Selection selection = select(image.mm(vector_number(in.operands[1].reg.value)), 8, 1);
    GUEST_TRY(store(system, in, 2, selection, image.mm(vector_number(in.operands[0].reg.value))));
    image.enter_mmx();
    return advance(system.state(), in);
}

}  // namespace hospes::translator
