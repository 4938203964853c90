// What CPUID returns (SDM volume 2, CPUID; Linux, Documentation/virt/kvm/x86/cpuid.rst for 4000_00xxH).
#include <algorithm>
#include <bit>
#include <cstring>

#include "x86/cpuid_model.h"
#include "x86/registers.h"

namespace hospes::x86 {

namespace {

constexpr std::uint32_t kMaxBasic = 0x16;
constexpr std::uint32_t kMaxExtended = 0x80000008;
constexpr std::uint32_t kKvmBase = 0x40000000;
constexpr std::uint32_t kKvmTiming = 0x40000010;
constexpr std::uint32_t kApicTimerHertz = 1'000'000'000;
constexpr std::uint32_t kSignature = 0x000806f8;  // family 6, model 8FH, stepping 8

struct Bit {
    Feature feature;
    unsigned bit;
};

template <std::size_t count>
std::uint32_t gather(const CpuidModel& model, const Bit (&bits)[count]) {
    std::uint32_t word = 0;
    for (const Bit& each : bits) word |= static_cast<std::uint32_t>(model.has(each.feature)) << each.bit;
    return word;
}

constexpr Bit kFeatures1Ecx[] = {
    {Feature::SSE3, 0},    {Feature::PCLMULQDQ, 1}, {Feature::SSSE3, 9},   {Feature::FMA, 12},
    {Feature::CX16, 13},   {Feature::PCID, 17},     {Feature::SSE4_1, 19}, {Feature::SSE4_2, 20},
    {Feature::X2APIC, 21}, {Feature::MOVBE, 22},    {Feature::POPCNT, 23}, {Feature::TSC_DEADLINE, 24},
    {Feature::AES, 25},    {Feature::XSAVE, 26},    {Feature::AVX, 28},    {Feature::F16C, 29},
    {Feature::RDRAND, 30},
};
constexpr Bit kFeatures7Ebx[] = {
    {Feature::FSGSBASE, 0},    {Feature::BMI1, 3},        {Feature::AVX2, 5},      {Feature::SMEP, 7},
    {Feature::BMI2, 8},        {Feature::ERMS, 9},        {Feature::INVPCID, 10},  {Feature::AVX512F, 16},
    {Feature::AVX512DQ, 17},   {Feature::RDSEED, 18},     {Feature::ADX, 19},      {Feature::SMAP, 20},
    {Feature::AVX512IFMA, 21}, {Feature::CLFLUSHOPT, 23}, {Feature::CLWB, 24},     {Feature::AVX512CD, 28},
    {Feature::SHA, 29},        {Feature::AVX512BW, 30},   {Feature::AVX512VL, 31},
};
constexpr Bit kFeatures7Ecx[] = {
    {Feature::AVX512VBMI, 1},  {Feature::UMIP, 2},          {Feature::AVX512VBMI2, 6},
    {Feature::GFNI, 8},        {Feature::VAES, 9},          {Feature::VPCLMULQDQ, 10},
    {Feature::AVX512VNNI, 11}, {Feature::AVX512BITALG, 12}, {Feature::AVX512VPOPCNTDQ, 14},
    {Feature::RDPID, 22},
};
constexpr Bit kFeatures7Edx[] = {{Feature::FSRM, 4}, {Feature::AVX512VP2INTERSECT, 8}};
constexpr Bit kFeatures71Eax[] = {{Feature::AVX_VNNI, 4}, {Feature::AVX512BF16, 5}};
constexpr Bit kExtendedEcx[] = {{Feature::LZCNT, 5}, {Feature::PREFETCHW, 8}};
constexpr Bit kExtendedEdx[] = {{Feature::PDPE1GB, 26}, {Feature::RDTSCP, 27}};
constexpr Bit kXsave1Eax[] = {
    {Feature::XSAVEOPT, 0}, {Feature::XSAVEC, 1}, {Feature::XGETBV1, 2}, {Feature::XSAVES, 3}};

constexpr std::uint32_t bit(unsigned number) { return 1u << number; }

// FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2 SS.
constexpr std::uint32_t kBaseEdx = bit(0) | bit(2) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7) | bit(8) | bit(9) |
                                   bit(11) | bit(12) | bit(13) | bit(14) | bit(15) | bit(16) | bit(17) | bit(19) |
                                   bit(23) | bit(24) | bit(25) | bit(26) | bit(27);

unsigned topology_shift(unsigned vcpus) { return static_cast<unsigned>(std::bit_width(vcpus - 1)); }

// Family, model and stepping. Programs go by them, not by the feature bits alone: what GCC compiles for several
// processors
// ("arch=" in target_clones) is chosen so. Hence of a processor that has no more than the model: with AVX-512, with
// AVX2 (Haswell), neither (Nehalem).
std::uint32_t signature(const CpuidModel& model) {
    constexpr std::uint32_t kHaswell = 0x000306f2, kNehalem = 0x000106a5;
    if (model.has(Feature::AVX512F)) return kSignature;
    return model.has(Feature::AVX2) ? kHaswell : kNehalem;
}

CpuidLeaf vendor(std::uint32_t maximum) { return {maximum, 0x756e6547, 0x6c65746e, 0x49656e69}; }  // GenuineIntel

CpuidLeaf features1(const CpuidModel& model, unsigned vcpus, unsigned vcpu, std::uint64_t cr4) {
    CpuidLeaf leaf;
    leaf.eax = signature(model);
    leaf.ebx = (vcpu & 0xff) << 24 | std::min(1u << topology_shift(vcpus), 255u) << 16 | 8u << 8;
    leaf.ecx = gather(model, kFeatures1Ecx) | bit(31);  // a hypervisor is present
    if (model.has(Feature::XSAVE) && (cr4 & cr4::OSXSAVE) != 0) leaf.ecx |= bit(27);
    leaf.edx = kBaseEdx | (vcpus > 1 ? bit(28) : 0);
    return leaf;
}

// Leaf 4, deterministic cache parameters; sizes are plausible, nothing depends on them but tuning.
CpuidLeaf caches(unsigned index, unsigned vcpus) {
    struct Cache {
        std::uint32_t type, level, ways, sets;
        bool shared;
    };
    static constexpr Cache kCaches[] = {
        {1, 1, 8, 64, false},     // 32 KiB data
        {2, 1, 8, 64, false},     // 32 KiB instructions
        {3, 2, 16, 2048, false},  // 2 MiB
        {3, 3, 16, 32768, true},  // 32 MiB
    };
    if (index >= std::size(kCaches)) return {};
    const Cache& cache = kCaches[index];
    const std::uint32_t cores = std::min(1u << topology_shift(vcpus), 64u);
    const std::uint32_t sharing = cache.shared ? cores : 1;
    return {cache.type | cache.level << 5 | bit(8) | (sharing - 1) << 14 | (cores - 1) << 26,
            (cache.ways - 1) << 22 | 63, cache.sets - 1, 0};
}

CpuidLeaf features7(const CpuidModel& model, unsigned subfunction) {
    CpuidLeaf leaf;
    if (subfunction == 0) {
        leaf.eax = 2;
        // TSC_ADJUST; FDP only at exceptions; no FCS and FDS.
        leaf.ebx = gather(model, kFeatures7Ebx) | bit(1) | bit(6) | bit(13);
        leaf.ecx = gather(model, kFeatures7Ecx);
        // SPEC_CTRL and PRED_CMD, STIBP, ARCH_CAPABILITIES, SSBD: so that guests see the immunity bits.
        leaf.edx = gather(model, kFeatures7Edx) | bit(26) | bit(27) | bit(29) | bit(31);
    } else if (subfunction == 1) {
        leaf.eax = gather(model, kFeatures71Eax);
    } else if (subfunction == 2) {
        leaf.edx = bit(4);  // BHI_CTRL: Linux then sets a bit once, and not a loop at each system call
    }
    return leaf;
}

// Leaf 0BH: one thread a core, all cores in one package; x2APIC ids are vCPU numbers.
CpuidLeaf topology(unsigned subfunction, unsigned vcpus, unsigned vcpu) {
    CpuidLeaf leaf;
    leaf.ecx = subfunction & 0xff;
    leaf.edx = vcpu;
    if (subfunction == 0) {
        leaf.ebx = 1;
        leaf.ecx |= 1u << 8;
    } else if (subfunction == 1) {
        leaf.eax = topology_shift(vcpus);
        leaf.ebx = vcpus;
        leaf.ecx |= 2u << 8;
    }
    return leaf;
}

CpuidLeaf xsave(const CpuidModel& model, unsigned subfunction, std::uint64_t xcr0) {
    if (!model.has(Feature::XSAVE)) return {};
    const std::uint64_t supported = model.supported_xcr0();
    const XsaveLayout& layout = model.xsave_layout();
    if (subfunction == 0) {
        return {static_cast<std::uint32_t>(supported), layout.standard_size(xcr0), layout.standard_size(supported), 0};
    }
    if (subfunction == 1) return {gather(model, kXsave1Eax), XsaveLayout::compacted_size(xcr0), 0, 0};
    for (const XsaveComponent& one : layout) {
        if (one.number == subfunction && (supported & one.bit()) != 0) return {one.size, one.offset, 0, 0};
    }
    return {};
}

CpuidLeaf paravirtual(std::uint32_t function, const CpuidPlatform& platform) {
    switch (function) {
        case kKvmBase: return {kKvmTiming, 0x4b4d564b, 0x564b4d56, 0x4d};  // KVMKVMKVM
        case kKvmBase + 1:  // NOP_IO_DELAY CLOCKSOURCE2 PV_EOI CLOCKSOURCE_STABLE
            return {bit(1) | bit(3) | bit(6) | bit(24), 0, 0, 0};
        case kKvmTiming: return {platform.tsc_khz, kApicTimerHertz / 1000, 0, 0};
        default: return {};
    }
}

CpuidLeaf brand(const std::string& text, unsigned part) {
    char bytes[48] = {};
    std::memcpy(bytes, text.data(), std::min(text.size(), sizeof bytes - 1));
    CpuidLeaf leaf;
    std::memcpy(&leaf, bytes + part * sizeof leaf, sizeof leaf);
    return leaf;
}

}  // namespace

CpuidLeaf CpuidModel::leaf(std::uint32_t function, std::uint32_t subfunction, unsigned vcpu, std::uint64_t cr4,
                           std::uint64_t xcr0) const {
    const unsigned vcpus = std::max(platform_.vcpus, 1u);
    if (function >= kKvmBase && function <= kKvmBase + 0xff) return paravirtual(function, platform_);
    const bool extended = function >= 0x80000000 && function <= kMaxExtended;
    if (!extended && function > kMaxBasic) function = kMaxBasic;  // as Intel's do
    switch (function) {
        case 0: return vendor(kMaxBasic);
        case 1: return features1(*this, vcpus, vcpu, cr4);
        case 2: return {0x00feff01, 0xf0, 0, 0};  // see leaf 4; prefetch 64 bytes
        case 4: return caches(subfunction, vcpus);
        case 6: return {bit(2), 0, 0, 0};  // ARAT: the APIC timer always runs
        case 7: return features7(*this, subfunction);
        case 0xb: return topology(subfunction, vcpus, vcpu);
        case 0xd: return xsave(*this, subfunction, xcr0);
        case 0x15:
            if (platform_.tsc_khz == 0) return {};
            return {kApicTimerHertz / 1000, platform_.tsc_khz, kApicTimerHertz, 0};
        case 0x16: return {platform_.tsc_khz / 1000, platform_.tsc_khz / 1000, 100, 0};
        case 0x80000000: return {kMaxExtended, 0, 0, 0};
        case 0x80000001:
            return {0, 0, gather(*this, kExtendedEcx) | bit(0),                  // LAHF in 64-bit mode
                    gather(*this, kExtendedEdx) | bit(11) | bit(20) | bit(29)};  // SYSCALL NX LM
        case 0x80000002:
        case 0x80000003:
        case 0x80000004: return brand(brand_, function - 0x80000002);
        case 0x80000006: return {0, 0, 2048u << 16 | 8u << 12 | 64, 0};
        case 0x80000007: return {0, 0, 0, bit(8)};  // invariant TSC
        case 0x80000008: return {48u << 8 | 46, 0, 0, 0};
        default: return {};
    }
}

}  // namespace hospes::x86
