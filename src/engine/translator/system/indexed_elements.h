// The memory operand of gathers and scatters: an element for each index of a vector register.
#pragma once

#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

class IndexedElements {
  public:
    // `operand`: of `in`, with a vector index. Reads the indices now.
    IndexedElements(VectorImage& image, const GuestState& state, const DecodedInstruction& in, unsigned operand);

    // Bytes of an element; 0: `in` is no gather or scatter that we know.
    unsigned element() const { return shape_.element; }
    unsigned lanes() const { return lanes_; }
    // Number of the vector register that the indices are in.
    unsigned index_register() const { return index_register_; }
    // The linear address of a lane's element, after the checks of linear_address().
    Checked<Gva> address(unsigned lane, Intent intent) const;

  private:
    struct Shape {
        unsigned element = 0;
        unsigned index = 0;
    };
    static Shape shape_of(ZydisMnemonic mnemonic);

    const GuestState& state_;
    const Shape shape_;
    unsigned lanes_ = 0;
    unsigned index_register_;
    std::uint64_t base_;
    std::uint64_t scale_;
    std::uint64_t offset_mask_;
    x86::SegmentRegister segment_;
    std::uint8_t indices_[64] = {};
};

}  // namespace hospes::translator
