#include "engine/translator/system/indexed_elements.h"

#include <algorithm>
#include <cstring>

namespace hospes::translator {

namespace {

// Offset of the operand without its vector index.
std::uint64_t base_offset(const GuestState& state, const DecodedInstruction& in, ZydisDecodedOperand operand) {
    operand.mem.index = ZYDIS_REGISTER_NONE;
    return effective_address(state, in, operand);
}

}  // namespace

IndexedElements::Shape IndexedElements::shape_of(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_VGATHERDPS:
        case ZYDIS_MNEMONIC_VPGATHERDD:
        case ZYDIS_MNEMONIC_VSCATTERDPS:
        case ZYDIS_MNEMONIC_VPSCATTERDD: return {4, 4};
        case ZYDIS_MNEMONIC_VGATHERDPD:
        case ZYDIS_MNEMONIC_VPGATHERDQ:
        case ZYDIS_MNEMONIC_VSCATTERDPD:
        case ZYDIS_MNEMONIC_VPSCATTERDQ: return {8, 4};
        case ZYDIS_MNEMONIC_VGATHERQPS:
        case ZYDIS_MNEMONIC_VPGATHERQD:
        case ZYDIS_MNEMONIC_VSCATTERQPS:
        case ZYDIS_MNEMONIC_VPSCATTERQD: return {4, 8};
        case ZYDIS_MNEMONIC_VGATHERQPD:
        case ZYDIS_MNEMONIC_VPGATHERQQ:
        case ZYDIS_MNEMONIC_VSCATTERQPD:
        case ZYDIS_MNEMONIC_VPSCATTERQQ: return {8, 8};
        default: return {};
    }
}

IndexedElements::IndexedElements(VectorImage& image, const GuestState& state, const DecodedInstruction& in,
                                 unsigned operand)
    : state_(state),
      shape_(shape_of(in.info.mnemonic)),
      index_register_(vector_number(in.operands[operand].mem.index)),
      base_(base_offset(state, in, in.operands[operand])),
      scale_(in.operands[operand].mem.scale),
      offset_mask_(size_mask(address_bytes(in))),
      segment_(segment_number(in.operands[operand].mem.segment)) {
    if (shape_.element == 0) return;
    lanes_ = in.info.avx.vector_length / 8u / std::max(shape_.element, shape_.index);
    // Rounded up to a whole register: VGATHERQPS and kin have fewer lanes than indices of 4 bytes would.
    const unsigned needed = lanes_ * shape_.index;
    image.read_vector(index_register_, indices_, needed <= 16 ? 16 : needed);
}

Checked<Gva> IndexedElements::address(unsigned lane, Intent intent) const {
    std::uint64_t index = 0;
    std::memcpy(&index, indices_ + std::size_t{lane} * shape_.index, shape_.index);
    const std::uint64_t offset = (base_ + sign_extend(index, shape_.index) * scale_) & offset_mask_;
    return linear_address(state_, segment_, offset, shape_.element, intent, kNotChecked);
}

}  // namespace hospes::translator
