#include "x86/xsave_layout.h"

#include <cpuid.h>

#include <algorithm>

namespace hospes::x86 {

XsaveLayout XsaveLayout::of_host() {
    XsaveLayout layout;
    for (XsaveComponent& component : layout.components_) {
        unsigned size = 0, offset = 0, ecx = 0, edx = 0;
        if (__get_cpuid_count(0xd, component.number, &size, &offset, &ecx, &edx) && size != 0) {
            component.offset = offset;
        }
    }
    return layout;
}

std::uint32_t XsaveLayout::offset(std::uint64_t bit) const {
    const auto* found = std::find_if(begin(), end(), [&](const XsaveComponent& one) { return one.bit() == bit; });
    return found->offset;
}

std::uint32_t XsaveLayout::standard_size(std::uint64_t components) const {
    std::uint32_t size = kXsaveLegacyEnd;
    for (const XsaveComponent& one : *this) {
        if ((components & one.bit()) != 0) size = std::max(size, one.offset + one.size);
    }
    return size;
}

std::uint32_t XsaveLayout::compacted_size(std::uint64_t components) {
    return compacted_offset(1ull << 63, components & ~(1ull << 63));
}

// No component of these asks to be aligned, and all sizes are multiples of 64 anyway.
std::uint32_t XsaveLayout::compacted_offset(std::uint64_t bit, std::uint64_t components) {
    std::uint32_t offset = kXsaveLegacyEnd;
    for (const XsaveComponent& one : XsaveLayout()) {
        if (one.bit() < bit && (components & one.bit()) != 0) offset += one.size;
    }
    return offset;
}

}  // namespace hospes::x86
