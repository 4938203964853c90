// What other small files of the system say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hospes::doctor {

// A line of /proc/meminfo in bytes: "MemAvailable".
std::optional<std::uint64_t> meminfo_bytes(std::string_view meminfo, std::string_view name);

// The largest range of ids that /etc/subuid or /etc/subgid gives to a user, known by name or number.
std::uint64_t subordinate_ids(std::string_view file, std::string_view name, std::string_view number);

// The word in brackets of a choice like "always [madvise] never"; "" if there is none.
std::string_view chosen_word(std::string_view choice);

}  // namespace hospes::doctor
