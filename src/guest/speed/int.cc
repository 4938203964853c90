#include <array>
#include <utility>

#include "guest/speed/kernels.h"

namespace hospes::guest::speed {

namespace {

constexpr std::size_t kNumbers = 4096;

void sort(std::uint32_t* first, std::uint32_t* last) {
    while (last - first > 1) {
        const std::uint32_t pivot = first[(last - first) / 2];
        std::uint32_t* left = first;
        std::uint32_t* right = last - 1;
        while (left <= right) {
            while (*left < pivot) ++left;
            while (*right > pivot) --right;
            if (left <= right) std::swap(*left++, *right--);
        }
        sort(first, right + 1);
        first = left;
    }
}

std::uint64_t sorted_numbers() {
    std::array<std::uint32_t, kNumbers> numbers;
    std::uint64_t state = 42;
    for (std::uint32_t& number : numbers) number = static_cast<std::uint32_t>(next_random(state));
    sort(numbers.data(), numbers.data() + numbers.size());
    std::uint64_t checksum = 0;
    for (const std::uint32_t number : numbers) checksum = fold(checksum, number);
    return checksum;
}

// A little interpreter: its dispatch is an indirect jump that depends on data.
std::uint64_t interpreted() {
    enum Operation : std::uint8_t { Add, Xor, Shift, Multiply, Store, Load, Skip, Divide };
    std::array<std::uint8_t, 256> program;
    std::array<std::uint64_t, 16> cells{};
    std::uint64_t state = 7;
    for (std::uint8_t& operation : program) operation = static_cast<std::uint8_t>(next_random(state) & 7);
    std::uint64_t value = 1;
    std::uint8_t at = 0;
    for (unsigned step = 0; step < 150000; ++step) {
        switch (program[at++]) {
            case Add: value += step; break;
            case Xor: value ^= value >> 11; break;
            case Shift: value = value << 3 | value >> 61; break;
            case Multiply: value *= 0x2545f4914f6cdd1d; break;
            case Store: cells[step & 15] = value; break;
            case Load: value += cells[value & 15]; break;
            case Skip: at = static_cast<std::uint8_t>(at + (value & 3)); break;
            case Divide: value = value / ((step & 1023) + 3) + 0x123456789; break;
            default: break;
        }
    }
    return value;
}

[[gnu::noinline]] std::uint64_t fibonacci(unsigned n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

}  // namespace

std::uint64_t int_unit() {
    // Read at run time, so that the compiler cannot know the answer.
    static volatile unsigned depth = 23;
    return fold(fold(sorted_numbers(), interpreted()), fibonacci(depth));
}

}  // namespace hospes::guest::speed
