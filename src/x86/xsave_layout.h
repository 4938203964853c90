// Where the extended state components lie in an XSAVE area (SDM volume 1, 13.4).
#pragma once

#include <array>
#include <cstdint>

#include "x86/registers.h"

namespace hospes::x86 {

struct XsaveComponent {
    unsigned number;  // its bit in XCR0, its subleaf of CPUID leaf 0DH
    std::uint32_t size;
    std::uint32_t offset;  // in the standard format

    constexpr std::uint64_t bit() const { return 1ull << number; }
};

inline constexpr std::uint32_t kXsaveLegacyEnd = 512 + 64;  // the legacy region and the header

// The components beyond x87 and SSE, in the order of their numbers. Sizes are the architecture's. The offsets of
// AVX-512's are up to the processor: the makers differ.
class XsaveLayout {
  public:
    // Intel's: room for MPX before AVX-512.
    constexpr XsaveLayout() = default;
    // The host's, for what it has.
    static XsaveLayout of_host();

    const XsaveComponent* begin() const { return components_.data(); }
    const XsaveComponent* end() const { return components_.data() + components_.size(); }

    // Of the component whose XCR0 bit is `bit`, one of those above.
    std::uint32_t offset(std::uint64_t bit) const;
    // Bytes of an area that holds `components` (XCR0 bits), in either format.
    std::uint32_t standard_size(std::uint64_t components) const;
    static std::uint32_t compacted_size(std::uint64_t components);
    // Where the component `bit` lies in an area of the compacted format that has room for `components`.
    static std::uint32_t compacted_offset(std::uint64_t bit, std::uint64_t components);

  private:
    std::array<XsaveComponent, 4> components_ = {
        {{2, 256, kXsaveLegacyEnd}, {5, 64, 1088}, {6, 512, 1152}, {7, 1024, 1664}}};
};

}  // namespace hospes::x86
