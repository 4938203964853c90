#include "x86/host_features.h"

#include <cpuid.h>

#include <array>
#include <string_view>

#include "x86/registers.h"

namespace hospes::x86 {

namespace {

enum Register : std::uint8_t { EAX, EBX, ECX, EDX };

// Where CPUID reports a feature, and the XCR0 bits without which it cannot be used.
struct Place {
    Feature feature;
    const char* name;
    std::uint32_t function;
    std::uint32_t subfunction;
    Register where;
    std::uint8_t bit;
    std::uint64_t xcr0 = 0;
};

constexpr std::uint64_t kYmm = xcr0::SSE | xcr0::AVX;
constexpr std::uint32_t kExtended = 0x80000001;

constexpr auto kPlaces = std::to_array<Place>({
    {Feature::SSE3, "SSE3", 1, 0, ECX, 0},
    {Feature::PCLMULQDQ, "PCLMULQDQ", 1, 0, ECX, 1},
    {Feature::SSSE3, "SSSE3", 1, 0, ECX, 9},
    {Feature::FMA, "FMA", 1, 0, ECX, 12, kYmm},
    {Feature::CX16, "CMPXCHG16B", 1, 0, ECX, 13},
    {Feature::SSE4_1, "SSE4.1", 1, 0, ECX, 19},
    {Feature::SSE4_2, "SSE4.2", 1, 0, ECX, 20},
    {Feature::MOVBE, "MOVBE", 1, 0, ECX, 22},
    {Feature::POPCNT, "POPCNT", 1, 0, ECX, 23},
    {Feature::AES, "AES", 1, 0, ECX, 25},
    {Feature::AVX, "AVX", 1, 0, ECX, 28, kYmm},
    {Feature::F16C, "F16C", 1, 0, ECX, 29, kYmm},
    {Feature::RDRAND, "RDRAND", 1, 0, ECX, 30},
    {Feature::BMI1, "BMI1", 7, 0, EBX, 3},
    {Feature::AVX2, "AVX2", 7, 0, EBX, 5, kYmm},
    {Feature::BMI2, "BMI2", 7, 0, EBX, 8},
    {Feature::RDSEED, "RDSEED", 7, 0, EBX, 18},
    {Feature::ADX, "ADX", 7, 0, EBX, 19},
    {Feature::CLFLUSHOPT, "CLFLUSHOPT", 7, 0, EBX, 23},
    {Feature::CLWB, "CLWB", 7, 0, EBX, 24},
    {Feature::SHA, "SHA", 7, 0, EBX, 29},
    {Feature::GFNI, "GFNI", 7, 0, ECX, 8},
    {Feature::VAES, "VAES", 7, 0, ECX, 9, kYmm},
    {Feature::VPCLMULQDQ, "VPCLMULQDQ", 7, 0, ECX, 10, kYmm},
    {Feature::AVX_VNNI, "AVX-VNNI", 7, 1, EAX, 4, kYmm},
    {Feature::LZCNT, "LZCNT", kExtended, 0, ECX, 5},
});

std::uint64_t host_xcr0() {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & (1u << 27)) == 0) return xcr0::X87 | xcr0::SSE;
    asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return static_cast<std::uint64_t>(edx) << 32 | eax;
}

}  // namespace

bool host_executes(Feature feature) {
    for (const Place& place : kPlaces) {
        if (place.feature != feature) continue;
        unsigned words[4];
        if (!__get_cpuid_count(place.function, place.subfunction, &words[0], &words[1], &words[2], &words[3]))
            return false;
        return ((words[place.where] >> place.bit) & 1) != 0 && (host_xcr0() & place.xcr0) == place.xcr0;
    }
    return false;
}

const char* feature_name(Feature feature) {
    for (const Place& place : kPlaces) {
        if (place.feature == feature) return place.name;
    }
    return "a feature";
}

}  // namespace hospes::x86
