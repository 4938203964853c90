// VGATHERxxx, VPGATHERxx of AVX2 and of AVX-512, and VSCATTERxxx, VPSCATTERxx. The elements are done in order. What is
// done before a fault stays, and is struck from the mask: the restarted instruction skips it.
#include <cstring>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/indexed_elements.h"

namespace hospes::translator {

namespace {

Checked<void> fetch(System& system, const IndexedElements& elements, unsigned lane, std::uint8_t* to) {
    const Gva address = GUEST_TRY(elements.address(lane, Intent::Read));
    return read_memory(system.mmu, address, to + std::size_t{lane} * elements.element(), elements.element(),
                       system.state().access_class());
}

Checked<void> put(System& system, const IndexedElements& elements, unsigned lane, const std::uint8_t* from) {
    const Gva address = GUEST_TRY(elements.address(lane, Intent::Write));
    return write_memory(system.mmu, address, from + std::size_t{lane} * elements.element(), elements.element(),
                        system.state().access_class());
}

// Operands of AVX2's: destination, memory, mask in a vector register.
Checked<void> gather_avx2(System& system, const DecodedInstruction& in) {
    VectorImage image(system);
    const IndexedElements elements(image, system.state(), in, 1);
    const unsigned to = vector_number(in.operands[0].reg.value), masked = vector_number(in.operands[2].reg.value);
    const unsigned element = elements.element();
    const unsigned index = elements.index_register();
    if (element == 0 || to == index || index == masked || masked == to) return undefined_opcode();
    std::uint8_t destination[32], mask[32];
    image.read_vector(to, destination, 32);
    image.read_vector(masked, mask, 32);
    for (unsigned lane = 0; lane < elements.lanes(); ++lane) {
        std::uint8_t* const lane_mask = mask + std::size_t{lane} * element;
        if ((lane_mask[element - 1] & 0x80) != 0) {
            const Checked<void> fetched = fetch(system, elements, lane, destination);
            if (!fetched.ok()) {
                image.write_vector(to, destination, 32);
                image.write_vector(masked, mask, 32);
                return fetched.fault();
            }
        }
        std::memset(lane_mask, 0, element);
    }
    image.write_vector(to, destination, elements.lanes() * element);
    image.write_vector(masked, mask, 0);
    return advance(system.state(), in);
}

// Does `work` for each lane that mask register `number` selects, and clears its bit.
template <typename Work>
Checked<void> for_each_lane(VectorImage& image, unsigned number, unsigned lanes, Work work) {
    std::uint64_t mask = image.mask(number);
    for (unsigned lane = 0; lane < lanes; ++lane) {
        if ((mask >> lane & 1) == 0) continue;
        const Checked<void> done = work(lane);
        if (!done.ok()) {
            image.set_mask(number, mask);
            return done;
        }
        mask &= ~(std::uint64_t{1} << lane);
    }
    image.set_mask(number, 0);
    return {};
}

unsigned mask_number(const DecodedInstruction& in) { return in.info.avx.mask.reg - ZYDIS_REGISTER_K0; }

// Operands of AVX-512's: destination, mask register, memory.
Checked<void> gather_avx512(System& system, const DecodedInstruction& in) {
    VectorImage image(system);
    const IndexedElements elements(image, system.state(), in, 2);
    const unsigned to = vector_number(in.operands[0].reg.value);
    if (elements.element() == 0 || to == elements.index_register()) return undefined_opcode();
    std::uint8_t destination[64];
    image.read_vector(to, destination, 64);
    const Checked<void> done = for_each_lane(image, mask_number(in), elements.lanes(),
                                             [&](unsigned lane) { return fetch(system, elements, lane, destination); });
    image.write_vector(to, destination, done.ok() ? elements.lanes() * elements.element() : 64);
    if (!done.ok()) return done;
    return advance(system.state(), in);
}

}  // namespace

Checked<void> execute_gather(System& system, const DecodedInstruction& in) {
    return in.info.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ? gather_avx512(system, in) : gather_avx2(system, in);
}

// Operands: memory, mask register, source. Elements at one address: the last one stays.
Checked<void> execute_scatter(System& system, const DecodedInstruction& in) {
    VectorImage image(system);
    const IndexedElements elements(image, system.state(), in, 0);
    if (elements.element() == 0) return undefined_opcode();
    std::uint8_t source[64];
    image.read_vector(vector_number(in.operands[2].reg.value), source, 64);
    GUEST_TRY(for_each_lane(image, mask_number(in), elements.lanes(),
                            [&](unsigned lane) { return put(system, elements, lane, source); }));
    return advance(system.state(), in);
}

}  // namespace hospes::translator
