#include "gdb/hex.h"

#include <charconv>

namespace hospes::gdb {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

std::optional<unsigned> digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return std::nullopt;
}

}  // namespace

void append_hex(std::string& to, std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) {
        to += kDigits[byte >> 4];
        to += kDigits[byte & 15];
    }
}

std::string hex(std::uint64_t number) {
    char text[16];
    const auto end = std::to_chars(text, text + sizeof text, number, 16).ptr;
    return std::string(text, end);
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view digits) {
    if (digits.size() % 2 != 0) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto high = digit(digits[i]), low = digit(digits[i + 1]);
        if (!high || !low) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
    }
    return bytes;
}

bool Reader::take(char expected) { return take(std::string_view(&expected, 1)); }

bool Reader::take(std::string_view expected) {
    if (!left_.starts_with(expected)) return false;
    left_.remove_prefix(expected.size());
    return true;
}

bool Reader::take_number(std::uint64_t& to) {
    const auto value = number();
    if (value) to = *value;
    return value.has_value();
}

std::optional<std::uint64_t> Reader::number() {
    std::uint64_t value = 0;
    std::size_t count = 0;
    while (count < left_.size() && count < 16) {
        const auto next = digit(left_[count]);
        if (!next) break;
        value = value << 4 | *next;
        ++count;
    }
    if (count == 0) return std::nullopt;
    left_.remove_prefix(count);
    return value;
}

}  // namespace hospes::gdb
