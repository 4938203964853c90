// VGATHERxxx and VPGATHERxx of AVX2.
#include <cstring>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

// Bytes of an element and of its index.
struct Shape {
    unsigned element = 0;
    unsigned index = 0;
};

Shape shape_of(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_VGATHERDPS:
        case ZYDIS_MNEMONIC_VPGATHERDD: return {4, 4};
        case ZYDIS_MNEMONIC_VGATHERDPD:
        case ZYDIS_MNEMONIC_VPGATHERDQ: return {8, 4};
        case ZYDIS_MNEMONIC_VGATHERQPS:
        case ZYDIS_MNEMONIC_VPGATHERQD: return {4, 8};
        case ZYDIS_MNEMONIC_VGATHERQPD:
        case ZYDIS_MNEMONIC_VPGATHERQQ: return {8, 8};
        default: return {};
    }
}

bool is_vector(ZydisRegister reg) {
    return (reg >= ZYDIS_REGISTER_XMM0 && reg <= ZYDIS_REGISTER_XMM15) ||
           (reg >= ZYDIS_REGISTER_YMM0 && reg <= ZYDIS_REGISTER_YMM15);
}

// Operands: destination, memory with a vector index, mask.
struct Registers {
    unsigned destination, index, mask;
};

Checked<Registers> registers_of(const DecodedInstruction& in) {
    const ZydisRegister names[] = {in.operands[0].reg.value, in.operands[1].mem.index, in.operands[2].reg.value};
    for (const ZydisRegister name : names) {
        if (!is_vector(name)) return undefined_opcode();
    }
    const Registers result = {vector_number(names[0]), vector_number(names[1]), vector_number(names[2])};
    const bool distinct =
        result.destination != result.index && result.index != result.mask && result.mask != result.destination;
    if (!distinct) return undefined_opcode();
    return result;
}

// Offset of the operand without its vector index.
std::uint64_t base_offset(const GuestState& state, const DecodedInstruction& in) {
    ZydisDecodedOperand operand = in.operands[1];
    operand.mem.index = ZYDIS_REGISTER_NONE;
    return effective_address(state, in, operand);
}

std::uint64_t index_at(const std::uint8_t* indices, unsigned lane, unsigned size) {
    std::uint64_t value = 0;
    std::memcpy(&value, indices + std::size_t{lane} * size, size);
    return sign_extend(value, size);
}

}  // namespace

Checked<void> execute_gather(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const Shape shape = shape_of(in.info.mnemonic);
    if (in.info.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX || shape.element == 0) return undefined_opcode();
    const Registers registers = GUEST_TRY(registers_of(in));
    const unsigned vector = in.info.avx.vector_length == 256 ? 32 : 16;
    const unsigned lanes = vector / (shape.element > shape.index ? shape.element : shape.index);
    const std::uint64_t base = base_offset(state, in);
    const x86::SegmentRegister segment = segment_number(in.operands[1].mem.segment);
    VectorImage image(system);
    std::uint8_t destination[32], indices[32], mask[32];
    image.read_vector(registers.destination, destination, 32);
    image.read_vector(registers.index, indices, 32);
    image.read_vector(registers.mask, mask, 32);

    const auto fetch = [&](unsigned lane) -> Checked<std::uint64_t> {
        const std::uint64_t index = index_at(indices, lane, shape.index);
        const std::uint64_t offset = (base + index * in.operands[1].mem.scale) & size_mask(address_bytes(in));
        const Gva address = GUEST_TRY(linear_address(state, segment, offset, shape.element, Intent::Read));
        return read_value(system.mmu, address, shape.element, state.access_class());
    };
    for (unsigned lane = 0; lane < lanes; ++lane) {
        std::uint8_t* const lane_mask = mask + std::size_t{lane} * shape.element;
        if ((lane_mask[shape.element - 1] & 0x80) != 0) {
            const Checked<std::uint64_t> fetched = fetch(lane);
            if (!fetched.ok()) {  // what is done is done: the restarted instruction skips it
                image.write_vector(registers.destination, destination, 32);
                image.write_vector(registers.mask, mask, 32);
                return fetched.fault();
            }
            const std::uint64_t value = fetched.value();
            std::memcpy(destination + std::size_t{lane} * shape.element, &value, shape.element);
        }
        std::memset(lane_mask, 0, shape.element);
    }
    std::memset(destination + std::size_t{lanes} * shape.element, 0, sizeof destination - lanes * shape.element);
    std::memset(mask, 0, sizeof mask);
    image.write_vector(registers.destination, destination, 32);
    image.write_vector(registers.mask, mask, 32);
    return advance(state, in);
}

}  // namespace hospes::translator
