// Takes numbers off a fuzz input; zeroes once it is used up.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace hospes::fuzz {

class FuzzInput {
  public:
    FuzzInput(const std::uint8_t* data, std::size_t size) : next_(data), left_(size) {}

    bool empty() const { return left_ == 0; }
    std::size_t left() const { return left_; }

    template <typename T>
    T take() {
        T value{};
        const std::size_t count = left_ < sizeof value ? left_ : sizeof value;
        if (count > 0) std::memcpy(&value, next_, count);
        next_ += count;
        left_ -= count;
        return value;
    }

  private:
    const std::uint8_t* next_;
    std::size_t left_;
};

// A broken promise of the code under test, in any build type.
inline void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace hospes::fuzz
