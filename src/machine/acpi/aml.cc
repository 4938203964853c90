#include "machine/acpi/aml.h"

namespace hospes::machine::acpi::aml {

namespace {

enum Op : std::uint8_t {
    kZero = 0x00,
    kOne = 0x01,
    kName = 0x08,
    kByte = 0x0a,
    kWord = 0x0b,
    kDword = 0x0c,
    kQword = 0x0e,
    kScope = 0x10,
    kBuffer = 0x11,
    kPackage = 0x12,
    kMethod = 0x14,
    kExtended = 0x5b,
    kArg0 = 0x68,
    kStore = 0x70,
    kDevice = 0x82,
    kIf = 0xa0,
    kReturn = 0xa4,
};

// PkgLength counts itself: one byte up to 63, else a nibble and up to three bytes.
Bytes with_length(const Bytes& content) {
    Bytes result;
    unsigned extra = 0;
    const auto limit = [&] { return extra == 0 ? std::size_t{0x3f} : (std::size_t{1} << (4 + 8 * extra)) - 1; };
    while (content.size() + 1 + extra > limit()) ++extra;
    const std::size_t length = content.size() + 1 + extra;
    if (extra == 0) {
        put8(result, length);
    } else {
        put8(result, extra << 6 | (length & 0xf));
        put(result, length >> 4, extra);
    }
    append(result, content);
    return result;
}

}  // namespace

Bytes join(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) append(all, part);
    return all;
}

Bytes name_string(std::string_view text) {
    Bytes name;
    if (text.starts_with('\\')) {
        put8(name, '\\');
        text.remove_prefix(1);
    }
    put_text(name, text, 4, '_');
    return name;
}

Bytes integer(std::uint64_t value) {
    if (value == 0) return {kZero};
    if (value == 1) return {kOne};
    Bytes result;
    const unsigned size = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    put8(result, size == 1 ? kByte : size == 2 ? kWord : size == 4 ? kDword : kQword);
    put(result, value, size);
    return result;
}

// Three letters of five bits and four hexadecimal digits, most significant byte first (ACPI 6.5, 19.3.4).
Bytes eisa_id(std::string_view text) {
    std::uint32_t packed = 0;
    for (unsigned i = 0; i < 3; ++i) packed = packed << 5 | (static_cast<unsigned>(text[i] - 'A' + 1) & 0x1f);
    for (unsigned i = 3; i < 7; ++i) {
        const char digit = text[i];
        packed = packed << 4 | static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'A' + 10);
    }
    return integer(__builtin_bswap32(packed));
}

Bytes buffer(const Bytes& content) { return join({{kBuffer}, with_length(join({integer(content.size()), content}))}); }

Bytes package(std::uint8_t count, const Bytes& elements) {
    return join({{kPackage}, with_length(join({{count}, elements}))});
}

Bytes name(std::string_view text, const Bytes& value) { return join({{kName}, name_string(text), value}); }

Bytes scope(std::string_view text, const Bytes& terms) {
    return join({{kScope}, with_length(join({name_string(text), terms}))});
}

Bytes device(std::string_view text, const Bytes& terms) {
    return join({{kExtended, kDevice}, with_length(join({name_string(text), terms}))});
}

Bytes method(std::string_view text, unsigned arguments, const Bytes& terms) {
    return join({{kMethod}, with_length(join({name_string(text), {static_cast<std::uint8_t>(arguments)}, terms}))});
}

Bytes argument(unsigned index) { return {static_cast<std::uint8_t>(kArg0 + index)}; }

Bytes store(const Bytes& value, const Bytes& target) { return join({{kStore}, value, target}); }

Bytes if_then(const Bytes& predicate, const Bytes& terms) {
    return join({{kIf}, with_length(join({predicate, terms}))});
}

Bytes return_value(const Bytes& value) { return join({{kReturn}, value}); }

}  // namespace hospes::machine::acpi::aml
