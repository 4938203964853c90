// What the program hospes-speed says (src/guest/speed/main.cc). In a VM it says it on the console, so a guest could
// have written anything.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hospes::doctor {

inline constexpr std::string_view kWorkload = "hospes-speed 1";
inline constexpr std::string_view kBegin = "hospes-speed 1 begin";
inline constexpr std::string_view kEnd = "hospes-speed end";

inline constexpr std::array<const char*, 5> kClasses = {"int", "fp", "simd", "mem", "sys"};

struct ClassTime {
    std::uint64_t nanoseconds = 0;  // of its fastest unit; never 0
    std::uint64_t checksum = 0;
};
// In the order of kClasses.
using SpeedReport = std::array<ClassTime, kClasses.size()>;

// The report in `text`, whatever else is said there. Error: it is not complete.
Result<SpeedReport> parse_speed_report(std::string_view text);

}  // namespace hospes::doctor
