// The work whose speed is measured: one unit of each class takes milliseconds, and gives the same checksum wherever it
// runs. A change of any unit is a new workload: kWorkload counts them.
#pragma once

#include <cstdint>

namespace hospes::guest::speed {

inline constexpr unsigned kWorkload = 1;

std::uint64_t int_unit();   // branches, calls, indirect jumps, division, small memory
std::uint64_t fp_unit();    // double: scalar, square roots, a matrix product
std::uint64_t simd_unit();  // integer vectors of 16 bytes
std::uint64_t mem_unit();   // dependent loads, updates and a stream over 32 MiB; the first call makes them
std::uint64_t sys_unit();   // system calls, a pipe, page faults, a process

// One more value into a checksum.
constexpr std::uint64_t fold(std::uint64_t checksum, std::uint64_t value) {
    checksum = (checksum ^ value) * 0x9e3779b97f4a7c15;
    return checksum ^ checksum >> 29;
}

// Pseudo-random numbers (xorshift64).
constexpr std::uint64_t next_random(std::uint64_t& state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

}  // namespace hospes::guest::speed
