// What the processor under us can execute, asked with CPUID, and where CPUID says so.
#pragma once

#include <cstdint>
#include <span>

#include "x86/cpuid_model.h"

namespace hospes::x86 {

enum class CpuidRegister : std::uint8_t { EAX, EBX, ECX, EDX };

// Where CPUID reports a feature, and the XCR0 bits without which it cannot be used.
struct FeaturePlace {
    Feature feature;
    const char* name;  // the usual one
    std::uint32_t function;
    std::uint32_t subfunction;
    CpuidRegister where;
    std::uint8_t bit;
    std::uint64_t xcr0 = 0;

    bool set_in(const CpuidLeaf& leaf) const;
};

// Every feature that some model has.
std::span<const FeaturePlace> feature_places();
// nullptr for a feature that no model has.
const FeaturePlace* feature_place(Feature feature);

// Whether the host's CPUID reports `feature`, with XCR0 allowing its registers.
bool host_executes(Feature feature);

// The feature's usual name.
const char* feature_name(Feature feature);

}  // namespace hospes::x86
