#include "doctor/system_files.h"

#include <algorithm>

#include "doctor/host_files.h"

namespace hospes::doctor {

std::optional<std::uint64_t> meminfo_bytes(std::string_view meminfo, std::string_view name) {
    while (auto line = next_line(meminfo)) {
        const std::string_view word = next_word(*line);
        if (word.size() != name.size() + 1 || !word.starts_with(name) || word.back() != ':') continue;
        const auto kibibytes = number_of(next_word(*line));
        if (kibibytes && *kibibytes <= UINT64_MAX >> 10) return *kibibytes << 10;
    }
    return std::nullopt;
}

std::uint64_t subordinate_ids(std::string_view file, std::string_view name, std::string_view number) {
    std::uint64_t largest = 0;
    while (const auto line = next_line(file)) {
        const std::size_t first = line->find(':');
        const std::size_t second = line->find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        const std::string_view owner = line->substr(0, first);
        std::string_view count = line->substr(second + 1);
        if (owner == name || owner == number) largest = std::max(largest, number_of(next_word(count)).value_or(0));
    }
    return largest;
}

std::string_view chosen_word(std::string_view choice) {
    const std::size_t begin = choice.find('[');
    if (begin == std::string_view::npos) return "";
    const std::size_t end = choice.find(']', begin);
    return end == std::string_view::npos ? "" : choice.substr(begin + 1, end - begin - 1);
}

}  // namespace hospes::doctor
