// The three address spaces of a VMM, named so that a signature says which one it means.
#pragma once

#include <cstdint>

namespace hospes {

using Gpa = std::uint64_t;  // guest physical address
using Gva = std::uint64_t;  // guest virtual (linear) address
using Hva = std::uint64_t;  // host virtual address, as a number

inline constexpr unsigned kPageBits = 12;
inline constexpr std::uint64_t kPageSize = 1ull << kPageBits;
inline constexpr std::uint64_t kPageMask = kPageSize - 1;

}  // namespace hospes
