// A segment register with its hidden part (SDM volume 3, 3.4.3), and descriptors' attribute bits.
#pragma once

#include <cstdint>

namespace hospes::x86 {

// Attributes are bits 40..55 of a descriptor, shifted down by 40 (limit bits 48..51 cleared):
// type 0..3, S 4, DPL 5..6, P 7, AVL 12, L 13, D/B 14, G 15.
struct Segment {
    std::uint64_t base = 0;
    std::uint32_t limit = 0;  // in bytes, granularity applied
    std::uint16_t selector = 0;
    std::uint16_t attributes = 0;

    [[gnu::always_inline]] unsigned type() const { return attributes & 0xfu; }
    [[gnu::always_inline]] bool is_code_or_data() const { return (attributes & 0x10u) != 0; }
    [[gnu::always_inline]] unsigned dpl() const { return (attributes >> 5) & 3u; }
    [[gnu::always_inline]] bool present() const { return (attributes & 0x80u) != 0; }
    [[gnu::always_inline]] bool long_mode() const { return (attributes & 0x2000u) != 0; }
    [[gnu::always_inline]] bool default_big() const { return (attributes & 0x4000u) != 0; }
    [[gnu::always_inline]] bool unusable() const { return attributes == 0; }
};

struct DescriptorTable {
    std::uint64_t base = 0;
    std::uint16_t limit = 0;
};

}  // namespace hospes::x86
