#include "engine/translator/decode/head.h"

namespace hospes::translator {

namespace {

// Opcode maps, a bit for each opcode (SDM volume 2, appendix A): which have ModRM; and which are left out.
struct OpcodeMap {
    std::uint64_t modrm[4];
    std::uint64_t left_out[4];

    static bool holds(const std::uint64_t (&bits)[4], unsigned opcode) { return bits[opcode / 64] >> opcode % 64 & 1; }
};

constexpr void add(std::uint64_t (&bits)[4], unsigned first, unsigned last) {
    for (unsigned opcode = first; opcode <= last; ++opcode) bits[opcode / 64] |= std::uint64_t{1} << opcode % 64;
}

constexpr OpcodeMap one_byte_map() {
    OpcodeMap map{};
    for (unsigned row = 0; row < 0x40; row += 8) add(map.modrm, row, row + 3);
    add(map.modrm, 0x63, 0x63);
    add(map.modrm, 0x69, 0x69);
    add(map.modrm, 0x6b, 0x6b);
    add(map.modrm, 0x80, 0x8f);
    add(map.modrm, 0xc0, 0xc1);
    add(map.modrm, 0xc6, 0xc7);
    add(map.modrm, 0xd0, 0xd3);
    add(map.modrm, 0xd8, 0xdf);
    add(map.modrm, 0xf6, 0xf7);
    add(map.modrm, 0xfe, 0xff);
    add(map.left_out, 0x62, 0x62);  // EVEX
    add(map.left_out, 0x8f, 0x8f);  // XOP, too
    add(map.left_out, 0xa0, 0xa3);  // absolute address
    add(map.left_out, 0xc4, 0xc5);  // VEX
    add(map.left_out, 0xc8, 0xc8);  // ENTER has two immediates
    return map;
}

constexpr OpcodeMap two_byte_map() {
    OpcodeMap map{};
    add(map.modrm, 0x00, 0x03);
    add(map.modrm, 0x0d, 0x0d);
    add(map.modrm, 0x10, 0x2f);
    add(map.modrm, 0x40, 0x76);
    add(map.modrm, 0x78, 0x7f);
    add(map.modrm, 0x90, 0x9f);
    add(map.modrm, 0xa3, 0xa5);
    add(map.modrm, 0xab, 0xaf);
    add(map.modrm, 0xb0, 0xc7);
    add(map.modrm, 0xd0, 0xff);
    add(map.left_out, 0x0f, 0x0f);  // 3DNow
    add(map.left_out, 0x38, 0x3f);  // three-byte opcodes
    add(map.left_out, 0xa4, 0xa4);  // SHLD
    add(map.left_out, 0xac, 0xac);  // SHRD
    return map;
}

constexpr OpcodeMap kOneByte = one_byte_map();
constexpr OpcodeMap kTwoByte = two_byte_map();

bool is_legacy_prefix(std::uint8_t byte) {
    switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
        case 0x66:
        case 0x67:
        case 0xf0:
        case 0xf2:
        case 0xf3: return true;
        default: return false;
    }
}

// With ModRM and, if that asks for it, SIB.
unsigned after_modrm(const std::uint8_t* bytes, unsigned at) {
    const bool memory = bytes[at] >> 6 != 3;
    return at + (memory && (bytes[at] & 7) == 4 ? 2 : 1);
}

}  // namespace

unsigned head_length(const std::uint8_t* bytes) {
    unsigned at = 0;
    while (at < kLongestHead && is_legacy_prefix(bytes[at])) ++at;
    if ((bytes[at] & 0xf0) == 0x40) ++at;  // REX
    const bool two_bytes = bytes[at] == 0x0f;
    if (two_bytes) ++at;
    const OpcodeMap& map = two_bytes ? kTwoByte : kOneByte;
    const unsigned opcode = bytes[at++];
    if (OpcodeMap::holds(map.left_out, opcode)) return 0;
    if (OpcodeMap::holds(map.modrm, opcode)) {
        const bool counts = !two_bytes && (opcode == 0xc0 || opcode == 0xc1);
        if (counts && bytes[at] >> 6 != 3) return 0;  // the count lies behind the displacement
        at = after_modrm(bytes, at) + (counts ? 1 : 0);
    }
    return at <= kLongestHead ? at : 0;
}

}  // namespace hospes::translator
