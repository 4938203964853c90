// Debug registers (SDM volume 3, 18.2).
#pragma once

#include <cstdint>

namespace hospes::x86 {

inline constexpr unsigned kBreakpoints = 4;  // DR0 to DR3

namespace dr6 {
inline constexpr std::uint64_t kBreakpointBits = 0xf;  // B0-B3: which breakpoints were hit
inline constexpr std::uint64_t BD = 1u << 13;          // an access to debug registers with DR7.GD
inline constexpr std::uint64_t BS = 1u << 14;          // a single step
inline constexpr std::uint64_t kFixed1 = 0xffff'0ff0;
inline constexpr std::uint64_t kWritable = 0xe00f;  // B0-B3, BD, BS, BT
}  // namespace dr6

namespace dr7 {
inline constexpr std::uint64_t GD = 1u << 13;
inline constexpr std::uint64_t kFixed1 = 1u << 10;
inline constexpr std::uint64_t kWritable = 0xffff'23ff;

inline constexpr std::uint64_t kEnables = 0xff;  // L0-L3 and G0-G3

enum class Kind : std::uint8_t { Execute = 0, Write = 1, Port = 2, ReadWrite = 3 };  // R/W0-R/W3
// L0-L3, G0-G3: both mean the same where no task is switched.
inline constexpr bool enabled(std::uint64_t dr7, unsigned number) { return (dr7 >> (2 * number) & 3) != 0; }
inline constexpr Kind kind(std::uint64_t dr7, unsigned number) {
    return static_cast<Kind>(dr7 >> (16 + 4 * number) & 3);
}
// LEN0-LEN3, in bytes. The address's bits below the length do not count.
inline constexpr unsigned length(std::uint64_t dr7, unsigned number) {
    constexpr unsigned kLengths[] = {1, 2, 8, 4};
    return kLengths[dr7 >> (18 + 4 * number) & 3];
}
}  // namespace dr7

}  // namespace hospes::x86
