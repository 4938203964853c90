// The models: which features each has. What CPUID says of them is in cpuid_leaves.cc; why they are as they are, in
// docs/decisions/0003-cpuid-models.md.
#include "x86/cpuid_model.h"

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

// What `host` adds where the host has it. AVX-512 is not among them until masked memory accesses are implemented.
constexpr Feature kOptional[] = {
    Feature::SHA, Feature::VAES,       Feature::VPCLMULQDQ, Feature::GFNI,
    Feature::ADX, Feature::CLFLUSHOPT, Feature::CLWB,       Feature::AVX_VNNI,
};

Error missing(const std::string& name, Feature feature) {
    return Error("CPU model " + name + " needs " + feature_name(feature) +
                 ", which this host's processor lacks; choose a smaller model");
}

// The first of `features` that the host does not execute, or kCount.
Feature first_missing(std::span<const Feature> features) {
    for (const Feature feature : features) {
        if (!host_executes(feature)) return feature;
    }
    return Feature::kCount;
}

}  // namespace

Result<CpuidModel> CpuidModel::create(const std::string& name, const CpuidPlatform& platform) {
    if (name != "x86-64-v2" && name != "x86-64-v3" && name != "host") {
        return Error("unknown CPU model \"" + name + "\"; known are x86-64-v2, x86-64-v3 and host");
    }
    CpuidModel model;
    model.name_ = name;
    model.platform_ = platform;
    model.brand_ = "Hospes " + name + " virtual CPU";
    const auto add = [&](std::span<const Feature> features) {
        for (const Feature feature : features) model.features_[static_cast<unsigned>(feature)] = true;
    };
    if (const Feature lacking = first_missing(kV2); lacking != Feature::kCount) return missing(name, lacking);
    add(kEngineOwn);
    add(kV2);
    model.supported_xcr0_ = xcr0::X87 | xcr0::SSE;
    if (name == "x86-64-v2") return model;

    const Feature lacking = first_missing(kV3);
    if (lacking == Feature::kCount) {
        add(kV3);
        add(kV3EngineOwn);
        model.supported_xcr0_ |= xcr0::AVX;
    } else if (name == "x86-64-v3") {
        return missing(name, lacking);
    }
    if (name == "x86-64-v3") return model;

    const bool avx = model.has(Feature::AVX2);
    for (const Feature feature : kOptional) {
        const bool wide = feature == Feature::VAES || feature == Feature::VPCLMULQDQ || feature == Feature::AVX_VNNI;
        if (host_executes(feature) && (avx || !wide)) add({&feature, 1});
    }
    const Feature rdpid = Feature::RDPID;  // the engine's own, but no part of the levels
    add({&rdpid, 1});
    return model;
}

}  // namespace hospes::x86
