// Numbers worth trying, for every kind of register.
#pragma once

#include "case.h"
#include "random.h"

namespace hospes::oracle {

// Edges of all widths, small numbers, and anything.
std::uint64_t random_integer(Random& random);

// `length` bytes of integers or floating-point numbers, special ones included.
void random_data(Random& random, std::uint8_t* bytes, unsigned length);

// How wild the floating-point control state may be.
enum class FpuMood : std::uint8_t {
    Calm,  // as a program has it: all masked, nothing pending, empty stack
    X87,   // rounding and precision, unmasked and pending x87 exceptions, any stack
    Sse,   // rounding, FTZ, DAZ, unmasked SIMD exceptions
};

// Fills in everything but RIP; RSP points into the stack, the other registers hold random_integer().
void random_state(Random& random, FpuMood mood, CpuImage& state);

// Fills the memory image of a batch.
void random_image(Random& random, std::uint8_t* image);

}  // namespace hospes::oracle
