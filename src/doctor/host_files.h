// What the kernel and the administrator say in small files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hospes::doctor {

// The file's text, up to a mebibyte of it; nothing if it cannot be read.
std::optional<std::string> read_text(const std::string& path);

// Takes the first line off `text`, without its end; nothing if none is left.
std::optional<std::string_view> next_line(std::string_view& text);

// Takes the first word off `line`; "" if none is left. Words are separated by spaces, tabs or newlines.
std::string_view next_word(std::string_view& line);

// All of `word` as a decimal number.
std::optional<std::uint64_t> number_of(std::string_view word);

// "3.4 GiB", "512 MiB"
std::string size_text(std::uint64_t bytes);

}  // namespace hospes::doctor
