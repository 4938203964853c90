// The user address space that every case runs in: the same numbers in the native child and in the guest.
//
//   code    256 pages, read and execute
//   data    [absent] [A: rw] [B: rw] [C: read-only] [absent] [D: rw] [absent]
//   stack   [absent] [S0: rw] [S1: rw] [absent]
//
// All below 2 GiB, so that 32-bit code, absolute and RIP-relative addresses reach everything.
#pragma once

#include <cstdint>

#include "base/address.h"

namespace hospes::oracle {

inline constexpr std::uint64_t kCodeStart = 0x1000'0000;
inline constexpr std::uint64_t kCodeSize = 256 * kPageSize;

inline constexpr std::uint64_t kDataStart = 0x2000'0000;  // the first absent page
inline constexpr std::uint64_t kPageA = kDataStart + 1 * kPageSize;
inline constexpr std::uint64_t kPageB = kDataStart + 2 * kPageSize;
inline constexpr std::uint64_t kPageC = kDataStart + 3 * kPageSize;
inline constexpr std::uint64_t kPageD = kDataStart + 5 * kPageSize;

inline constexpr std::uint64_t kStackStart = 0x3000'0000;  // the absent page below the stack
inline constexpr std::uint64_t kPageS0 = kStackStart + 1 * kPageSize;
inline constexpr std::uint64_t kPageS1 = kStackStart + 2 * kPageSize;

struct DataPage {
    std::uint64_t address;
    bool writable;
};

// In the order of the memory image.
inline constexpr DataPage kDataPages[] = {{kPageA, true}, {kPageB, true},  {kPageC, false},
                                          {kPageD, true}, {kPageS0, true}, {kPageS1, true}};
inline constexpr unsigned kDataPageCount = 6;
inline constexpr std::uint64_t kImageSize = kDataPageCount * kPageSize;

// Neither base is aligned: an address computed without it lands elsewhere, and never aligned by luck.
inline constexpr std::uint64_t kFsBase = kPageA + 0x123;
inline constexpr std::uint64_t kGsBase = kPageB + 0x2c5;

// Selectors as Linux gives them to its processes; the guest's GDT has the same.
inline constexpr std::uint16_t kUserCode32 = 0x23;
inline constexpr std::uint16_t kUserData = 0x2b;
inline constexpr std::uint16_t kUserCode64 = 0x33;

// What fills the code area: INT3. A case is done when it runs into one.
inline constexpr std::uint8_t kFill = 0xcc;

// Offset in the memory image of `address`, or -1 if no data page holds it.
constexpr std::int64_t image_offset(std::uint64_t address) {
    for (unsigned i = 0; i < kDataPageCount; ++i) {
        const std::uint64_t offset = address - kDataPages[i].address;
        if (offset < kPageSize) return static_cast<std::int64_t>(i * kPageSize + offset);
    }
    return -1;
}

}  // namespace hospes::oracle
