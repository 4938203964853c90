// 256 interrupt vectors as bits, laid out as in the local APIC's ISR, TMR and IRR (SDM volume 3, 11.8.4).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hospes::devices {

class VectorSet {
  public:
    bool test(unsigned vector) const { return (words_[vector >> 5] >> (vector & 31)) & 1u; }
    void set(unsigned vector) { words_[vector >> 5] |= 1u << (vector & 31); }
    void clear(unsigned vector) { words_[vector >> 5] &= ~(1u << (vector & 31)); }
    void clear_all() { words_ = {}; }
    // The highest vector in the set, or -1.
    int highest() const {
        for (unsigned word = 8; word-- > 0;) {
            if (words_[word] != 0)
                return static_cast<int>(32 * word + 31 - static_cast<unsigned>(std::countl_zero(words_[word])));
        }
        return -1;
    }
    std::uint32_t word(unsigned index) const { return words_[index]; }
    void set_word(unsigned index, std::uint32_t value) { words_[index] = value; }

  private:
    std::array<std::uint32_t, 8> words_{};
};

}  // namespace hospes::devices
