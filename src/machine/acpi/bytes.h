// Growing little-endian bytes: what every ACPI structure is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hospes::machine::acpi {

using Bytes = std::vector<std::uint8_t>;

// Appends the low `size` bytes of `value`.
inline void put(Bytes& to, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void put8(Bytes& to, std::uint64_t value) { put(to, value, 1); }
inline void put16(Bytes& to, std::uint64_t value) { put(to, value, 2); }
inline void put32(Bytes& to, std::uint64_t value) { put(to, value, 4); }
inline void put64(Bytes& to, std::uint64_t value) { put(to, value, 8); }

inline void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

// `text`, cut or filled with `fill` to `size` characters.
inline void put_text(Bytes& to, std::string_view text, std::size_t size, char fill) {
    for (std::size_t i = 0; i < size; ++i) to.push_back(static_cast<std::uint8_t>(i < text.size() ? text[i] : fill));
}

// Replaces `size` bytes at `offset`, which are there.
inline void patch(Bytes& in, std::size_t offset, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) in[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// The byte that makes the sum of [offset, offset + length) zero.
inline std::uint8_t checksum(const Bytes& of, std::size_t offset, std::size_t length) {
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum = static_cast<std::uint8_t>(sum + of[offset + i]);
    return static_cast<std::uint8_t>(0 - sum);
}

}  // namespace hospes::machine::acpi
