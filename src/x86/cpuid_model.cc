// The models: which features each has. What CPUID says of them is in cpuid_leaves.cc; why they are as they are, in
// docs/decisions/0003-cpuid-models.md.
#include "x86/cpuid_model.h"

#include <algorithm>
#include <span>

#include "x86/host_features.h"
#include "x86/registers.h"

namespace hospes::x86 {

namespace {

// Done by the engine in C++ or by its memory management: any host can have them.
constexpr Feature kEngineOwn[] = {
    Feature::FSGSBASE, Feature::SMEP,         Feature::SMAP,      Feature::ERMS,    Feature::INVPCID,
    Feature::FSRM,     Feature::UMIP,         Feature::RDTSCP,    Feature::PDPE1GB, Feature::PCID,
    Feature::X2APIC,   Feature::TSC_DEADLINE, Feature::PREFETCHW, Feature::RDRAND,  Feature::RDSEED,
};

// Executed by the host.
constexpr Feature kV2[] = {
    Feature::SSE3, Feature::SSSE3, Feature::CX16, Feature::SSE4_1, Feature::SSE4_2, Feature::POPCNT,
};
constexpr Feature kV3[] = {
    Feature::FMA,  Feature::MOVBE, Feature::AVX, Feature::F16C,      Feature::BMI1, Feature::AVX2,
    Feature::BMI2, Feature::LZCNT, Feature::AES, Feature::PCLMULQDQ,  // not in the psABI's level, but in every
                                                                      // processor that has the rest
};
constexpr Feature kV3EngineOwn[] = {Feature::XSAVE, Feature::XSAVEOPT, Feature::XSAVEC, Feature::XGETBV1};

constexpr Feature kV4[] = {
    Feature::AVX512F, Feature::AVX512BW, Feature::AVX512CD, Feature::AVX512DQ, Feature::AVX512VL,
};

// What `host` adds where the host has it: with AVX2 the wide ones too, with level 4 those of its registers.
constexpr Feature kOptional[] = {Feature::SHA, Feature::GFNI, Feature::ADX, Feature::CLFLUSHOPT, Feature::CLWB};
constexpr Feature kOptionalWide[] = {Feature::VAES, Feature::VPCLMULQDQ, Feature::AVX_VNNI};
constexpr Feature kOptional512[] = {
    Feature::AVX512IFMA, Feature::AVX512VBMI,   Feature::AVX512VBMI2,     Feature::AVX512VNNI,
    Feature::AVX512BF16, Feature::AVX512BITALG, Feature::AVX512VPOPCNTDQ, Feature::AVX512VP2INTERSECT,
};
// No part of the levels; of XSAVES, many hosts of KVM have none.
constexpr Feature kHostEngineOwn[] = {Feature::RDPID};
constexpr Feature kHostEngineOwnWide[] = {Feature::XSAVES};

// The platform's features that a model can choose from.
class Supply {
  public:
    explicit Supply(const CpuidPlatform& platform) : engine_has_(platform.engine_has) {}

    bool has(Feature feature) const {
        if (engine_has_) return engine_has_(feature);
        return contains(kEngineOwn, feature) || contains(kV3EngineOwn, feature) || contains(kHostEngineOwn, feature) ||
               contains(kHostEngineOwnWide, feature) || host_executes(feature);
    }
    // The names of those that are not there, each after a comma.
    std::string missing(std::span<const Feature> features) const {
        std::string names;
        for (const Feature feature : features) {
            if (!has(feature)) names += std::string(", ") + feature_name(feature);
        }
        return names;
    }
    const char* place() const { return engine_has_ ? "KVM on this host's processor" : "this host's processor"; }

  private:
    static bool contains(std::span<const Feature> features, Feature feature) {
        return std::find(features.begin(), features.end(), feature) != features.end();
    }

    const std::function<bool(Feature)>& engine_has_;
};

}  // namespace

Result<CpuidModel> CpuidModel::create(const std::string& name, const CpuidPlatform& platform) {
    const bool host = name == "host", v4 = name == "x86-64-v4", v3 = v4 || name == "x86-64-v3";
    if (!host && !v3 && name != "x86-64-v2") {
        return Error("unknown CPU model \"" + name + "\"; known are x86-64-v2, x86-64-v3, x86-64-v4 and host");
    }
    const Supply supply(platform);
    std::string missing = supply.missing(kV2);
    if (!host) missing += supply.missing(kEngineOwn);
    if (v3) missing += supply.missing(kV3) + supply.missing(kV3EngineOwn);
    if (v4) missing += supply.missing(kV4);
    if (!missing.empty()) {
        return Error("CPU model " + name + " needs " + missing.substr(2) + ", which " + supply.place() +
                     " lacks; choose " + (host ? "the other engine" : "another model"));
    }
    CpuidModel model;
    model.name_ = name;
    model.platform_ = platform;
    model.platform_.engine_has = {};  // was for here only
    model.brand_ = "Hospes " + name + " virtual CPU";
    const auto add = [&](std::span<const Feature> features) {
        for (const Feature feature : features) model.features_[static_cast<unsigned>(feature)] = supply.has(feature);
    };
    add(kEngineOwn);
    add(kV2);
    model.supported_xcr0_ = xcr0::X87 | xcr0::SSE;
    // Levels 3 and 4 each as a whole or not at all.
    const bool avx = v3 || (host && supply.missing(kV3).empty() && supply.has(Feature::XSAVE));
    if (avx) {
        add(kV3);
        add(kV3EngineOwn);
        model.supported_xcr0_ |= xcr0::AVX;
    }
    const bool avx512 = v4 || (host && avx && supply.missing(kV4).empty());
    if (avx512) {
        add(kV4);
        model.supported_xcr0_ |= xcr0::kAvx512;
        model.xsave_layout_ = XsaveLayout::of_host();
    }
    if (!host) return model;
    add(kOptional);
    if (avx) {
        add(kOptionalWide);
        add(kHostEngineOwnWide);
    }
    if (avx512) add(kOptional512);
    add(kHostEngineOwn);
    return model;
}

}  // namespace hospes::x86
