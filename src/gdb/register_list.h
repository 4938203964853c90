// The registers of an x86-64 CPU in the order and by the names that GDB has for them, and how they are described to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "x86/xsave_layout.h"

namespace hospes::gdb {

// Where in an XSAVE area's standard format the registers lie that have their place there (SDM volume 1, 13.4).
namespace area {
inline constexpr std::uint16_t kFcw = 0, kFsw = 2, kFtw = 4, kFop = 6, kFip = 8, kFipSelector = 12, kFdp = 16,
                               kFdpSelector = 20, kMxcsr = 24, kSt0 = 32, kXmm0 = 160, kXmmEnd = 416, kXstateBv = 512;
}  // namespace area

enum class Where : std::uint8_t { Gpr, Rip, Flags, Selector, Base, System, X87, Tags, Sse, Extended };

struct Register {
    std::string name;
    const char* type;
    std::uint8_t size;  // bytes
    Where where;
    std::uint16_t index;          // which one, or the offset in the XSAVE area
    std::uint64_t component = 0;  // of Where::Extended: its bit in XCR0
};

// By GDB's names of these features; what GDB does not know is in one of our own.
struct Feature {
    const char* name;
    std::string types;  // in GDB's XML: those that it does not know by itself
    std::vector<Register> registers;
};

// Of a CPU whose XCR0 may have the bits `xcr0`, and whose XSAVE areas have that layout.
std::vector<Feature> features_of(std::uint64_t xcr0, const x86::XsaveLayout& layout);

// target.xml.
std::string describe(const std::vector<Feature>& features);

}  // namespace hospes::gdb
