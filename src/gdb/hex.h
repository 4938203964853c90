// Numbers and bytes as the protocol writes them: hexadecimal, lower case, no prefix.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hospes::gdb {

void append_hex(std::string& to, std::span<const std::uint8_t> bytes);
std::string hex(std::uint64_t number);

// nullopt: not an even number of hexadecimal digits.
std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view digits);

// Reads from the front of a packet; what has been read is gone from it. All of it fails on what is not there.
class Reader {
  public:
    explicit Reader(std::string_view text) : left_(text) {}

    std::string_view left() const { return left_; }
    bool empty() const { return left_.empty(); }
    bool take(char expected);
    bool take(std::string_view expected);
    // 1 to 16 digits.
    std::optional<std::uint64_t> number();
    bool take_number(std::uint64_t& to);

  private:
    std::string_view left_;
};

}  // namespace hospes::gdb
