#include "x86/host_features.h"

#include <cpuid.h>

#include <array>

#include "x86/registers.h"

namespace hospes::x86 {

namespace {

using enum CpuidRegister;

constexpr std::uint64_t kYmm = xcr0::SSE | xcr0::AVX;
constexpr std::uint64_t kZmm = kYmm | xcr0::kAvx512;
constexpr std::uint32_t kExtended = 0x80000001;

constexpr auto kPlaces = std::to_array<FeaturePlace>({
    {Feature::SSE3, "SSE3", 1, 0, ECX, 0},
    {Feature::PCLMULQDQ, "PCLMULQDQ", 1, 0, ECX, 1},
    {Feature::SSSE3, "SSSE3", 1, 0, ECX, 9},
    {Feature::FMA, "FMA", 1, 0, ECX, 12, kYmm},
    {Feature::CX16, "CMPXCHG16B", 1, 0, ECX, 13},
    {Feature::PCID, "PCID", 1, 0, ECX, 17},
    {Feature::SSE4_1, "SSE4.1", 1, 0, ECX, 19},
    {Feature::SSE4_2, "SSE4.2", 1, 0, ECX, 20},
    {Feature::X2APIC, "x2APIC", 1, 0, ECX, 21},
    {Feature::MOVBE, "MOVBE", 1, 0, ECX, 22},
    {Feature::POPCNT, "POPCNT", 1, 0, ECX, 23},
    {Feature::TSC_DEADLINE, "TSC deadline", 1, 0, ECX, 24},
    {Feature::AES, "AES", 1, 0, ECX, 25},
    {Feature::XSAVE, "XSAVE", 1, 0, ECX, 26},
    {Feature::AVX, "AVX", 1, 0, ECX, 28, kYmm},
    {Feature::F16C, "F16C", 1, 0, ECX, 29, kYmm},
    {Feature::RDRAND, "RDRAND", 1, 0, ECX, 30},
    {Feature::FSGSBASE, "FSGSBASE", 7, 0, EBX, 0},
    {Feature::BMI1, "BMI1", 7, 0, EBX, 3},
    {Feature::AVX2, "AVX2", 7, 0, EBX, 5, kYmm},
    {Feature::SMEP, "SMEP", 7, 0, EBX, 7},
    {Feature::BMI2, "BMI2", 7, 0, EBX, 8},
    {Feature::ERMS, "ERMS", 7, 0, EBX, 9},
    {Feature::INVPCID, "INVPCID", 7, 0, EBX, 10},
    {Feature::AVX512F, "AVX512F", 7, 0, EBX, 16, kZmm},
    {Feature::AVX512DQ, "AVX512DQ", 7, 0, EBX, 17, kZmm},
    {Feature::RDSEED, "RDSEED", 7, 0, EBX, 18},
    {Feature::ADX, "ADX", 7, 0, EBX, 19},
    {Feature::SMAP, "SMAP", 7, 0, EBX, 20},
    {Feature::AVX512IFMA, "AVX512-IFMA", 7, 0, EBX, 21, kZmm},
    {Feature::CLFLUSHOPT, "CLFLUSHOPT", 7, 0, EBX, 23},
    {Feature::CLWB, "CLWB", 7, 0, EBX, 24},
    {Feature::AVX512CD, "AVX512CD", 7, 0, EBX, 28, kZmm},
    {Feature::SHA, "SHA", 7, 0, EBX, 29},
    {Feature::AVX512BW, "AVX512BW", 7, 0, EBX, 30, kZmm},
    {Feature::AVX512VL, "AVX512VL", 7, 0, EBX, 31, kZmm},
    {Feature::AVX512VBMI, "AVX512-VBMI", 7, 0, ECX, 1, kZmm},
    {Feature::UMIP, "UMIP", 7, 0, ECX, 2},
    {Feature::AVX512VBMI2, "AVX512-VBMI2", 7, 0, ECX, 6, kZmm},
    {Feature::GFNI, "GFNI", 7, 0, ECX, 8},
    {Feature::VAES, "VAES", 7, 0, ECX, 9, kYmm},
    {Feature::VPCLMULQDQ, "VPCLMULQDQ", 7, 0, ECX, 10, kYmm},
    {Feature::AVX512VNNI, "AVX512-VNNI", 7, 0, ECX, 11, kZmm},
    {Feature::AVX512BITALG, "AVX512-BITALG", 7, 0, ECX, 12, kZmm},
    {Feature::AVX512VPOPCNTDQ, "AVX512-VPOPCNTDQ", 7, 0, ECX, 14, kZmm},
    {Feature::RDPID, "RDPID", 7, 0, ECX, 22},
    {Feature::FSRM, "FSRM", 7, 0, EDX, 4},
    {Feature::AVX512VP2INTERSECT, "AVX512-VP2INTERSECT", 7, 0, EDX, 8, kZmm},
    {Feature::AVX_VNNI, "AVX-VNNI", 7, 1, EAX, 4, kYmm},
    {Feature::AVX512BF16, "AVX512-BF16", 7, 1, EAX, 5, kZmm},
    {Feature::LZCNT, "LZCNT", kExtended, 0, ECX, 5},
    {Feature::PREFETCHW, "PREFETCHW", kExtended, 0, ECX, 8},
    {Feature::PDPE1GB, "1 GiB pages", kExtended, 0, EDX, 26},
    {Feature::RDTSCP, "RDTSCP", kExtended, 0, EDX, 27},
    {Feature::XSAVEOPT, "XSAVEOPT", 0xd, 1, EAX, 0},
    {Feature::XSAVEC, "XSAVEC", 0xd, 1, EAX, 1},
    {Feature::XGETBV1, "XGETBV(1)", 0xd, 1, EAX, 2},
    {Feature::XSAVES, "XSAVES", 0xd, 1, EAX, 3},
});

std::uint64_t host_xcr0() {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & (1u << 27)) == 0) return xcr0::X87 | xcr0::SSE;
    asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return static_cast<std::uint64_t>(edx) << 32 | eax;
}

}  // namespace

bool FeaturePlace::set_in(const CpuidLeaf& leaf) const {
    const std::uint32_t words[] = {leaf.eax, leaf.ebx, leaf.ecx, leaf.edx};
    return ((words[static_cast<unsigned>(where)] >> bit) & 1) != 0;
}

std::span<const FeaturePlace> feature_places() { return kPlaces; }

const FeaturePlace* feature_place(Feature feature) {
    for (const FeaturePlace& place : kPlaces) {
        if (place.feature == feature) return &place;
    }
    return nullptr;
}

bool host_executes(Feature feature) {
    const FeaturePlace* place = feature_place(feature);
    if (place == nullptr) return false;
    CpuidLeaf leaf;
    if (!__get_cpuid_count(place->function, place->subfunction, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx)) {
        return false;
    }
    return place->set_in(leaf) && (host_xcr0() & place->xcr0) == place->xcr0;
}

const char* feature_name(Feature feature) {
    const FeaturePlace* place = feature_place(feature);
    return place != nullptr ? place->name : "a feature";
}

}  // namespace hospes::x86
