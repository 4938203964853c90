#include "image/name.h"

#include <algorithm>
#include <array>

namespace hospes::image {

namespace {

constexpr std::array<std::string_view, 3> kKnown = {"debian:12", "debian:13", "micro"};
constexpr std::size_t kMostCharacters = 100;

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// WORD or WORD:WORD, where a word begins with a letter or a digit: so no path separator, no "..", no hidden file.
bool is_well_formed(std::string_view name) {
    if (name.size() > kMostCharacters) return false;
    bool at_start = true;
    unsigned colons = 0;
    for (const char c : name) {
        if (c == ':') {
            if (at_start || ++colons > 1) return false;
            at_start = true;
            continue;
        }
        if (!is_name_character(c) || (at_start && (c == '.' || c == '_' || c == '-'))) return false;
        at_start = false;
    }
    return !at_start;
}

}  // namespace

std::span<const std::string_view> known_names() { return kKnown; }

Result<std::string> canonical_name(std::string_view name) {
    if (!is_well_formed(name)) {
        return Error(std::string(name) +
                     " is not an image name: letters a-z, digits, '.', '_', '-' and one ':' make one; try debian:12, "
                     "debian:13 or micro");
    }
    return std::string(name == "debian" ? "debian:12" : name);
}

bool is_known(std::string_view name) { return std::ranges::find(kKnown, name) != kKnown.end(); }

}  // namespace hospes::image
