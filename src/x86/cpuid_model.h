// Named CPU models: what CPUID says, and so what decode admits. The same on every host that can run the model, but for
// where AVX-512 lies in XSAVE areas.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "x86/xsave_layout.h"

namespace hospes::x86 {

struct CpuidLeaf {
    std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// Instruction-set extensions that decode is gated by, and that models differ in.
enum class Feature : std::uint8_t {
    SSE3,
    PCLMULQDQ,
    SSSE3,
    FMA,
    CX16,
    SSE4_1,
    SSE4_2,
    MOVBE,
    POPCNT,
    AES,
    XSAVE,
    AVX,
    F16C,
    RDRAND,
    FSGSBASE,
    BMI1,
    AVX2,
    SMEP,
    BMI2,
    ERMS,
    INVPCID,
    AVX512F,
    AVX512DQ,
    RDSEED,
    ADX,
    SMAP,
    AVX512IFMA,
    CLFLUSHOPT,
    CLWB,
    AVX512CD,
    SHA,
    AVX512BW,
    AVX512VL,
    AVX512VBMI,
    UMIP,
    AVX512VBMI2,
    GFNI,
    VAES,
    VPCLMULQDQ,
    AVX512VNNI,
    AVX512BITALG,
    AVX512VPOPCNTDQ,
    RDPID,
    FSRM,
    LZCNT,
    SSE4A,
    RDTSCP,
    PDPE1GB,
    PCID,
    X2APIC,
    TSC_DEADLINE,
    XSAVEOPT,
    XSAVEC,
    XGETBV1,
    XSAVES,
    MOVDIRI,
    MOVDIR64B,
    PREFETCHW,
    AVX_VNNI,
    AVX512BF16,
    AVX512VP2INTERSECT,
    kCount,
};

// What the machine tells the model about itself.
struct CpuidPlatform {
    std::uint32_t tsc_khz = 0;  // 0: not told to the guest
    unsigned vcpus = 1;
    // Whether the CPU engine has a feature for guests; asked by create() only. Unset: it executes what the host does
    // and brings the rest itself (the translator).
    std::function<bool(Feature)> engine_has = {};
};

class CpuidModel {
  public:
    // `name`: x86-64-v2, x86-64-v3, x86-64-v4, or host. Errors: unknown name (lists the known ones), features that the
    // host or the engine lacks (lists them).
    static Result<CpuidModel> create(const std::string& name, const CpuidPlatform& platform);

    const std::string& name() const { return name_; }
    [[gnu::always_inline]] bool has(Feature feature) const { return features_[static_cast<unsigned>(feature)]; }

    // CPUID for vCPU `index`. Bits that mirror state (OSXSAVE, APIC enabled, XSAVE sizes by XCR0) follow the
    // arguments. Leaves above the maximum give what hardware of the model's vendor gives.
    CpuidLeaf leaf(std::uint32_t function, std::uint32_t subfunction, unsigned vcpu, std::uint64_t cr4,
                   std::uint64_t xcr0) const;

    // Of the guest's XSAVE areas, and of VcpuState's: the host's.
    [[gnu::always_inline]] const XsaveLayout& xsave_layout() const { return xsave_layout_; }
    // XCR0 bits that the guest may set.
    [[gnu::always_inline]] std::uint64_t supported_xcr0() const { return supported_xcr0_; }

  private:
    std::string name_;
    bool features_[static_cast<unsigned>(Feature::kCount)] = {};
    std::uint64_t supported_xcr0_ = 0;
    XsaveLayout xsave_layout_;
    CpuidPlatform platform_;
    std::string brand_;
};

}  // namespace hospes::x86
