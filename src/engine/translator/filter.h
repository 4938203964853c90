// A set of numbers that may say yes wrongly.
#pragma once

#include <cstdint>

namespace hospes::translator {

// Wrong about as often as its share of members among kBits. What a wrong yes costs is far more than the memory.
template <unsigned kBits>
class Filter {
  public:
    [[gnu::always_inline]] void add(std::uint64_t number) { words_[number / 64 % kWords] |= 1ull << number % 64; }
    [[gnu::always_inline]] bool may_hold(std::uint64_t number) const {
        return (words_[number / 64 % kWords] >> number % 64 & 1) != 0;
    }
    void clear() {
        for (std::uint64_t& word : words_) word = 0;
    }

  private:
    static constexpr unsigned kWords = kBits / 64;
    std::uint64_t words_[kWords] = {};
};

}  // namespace hospes::translator
