#include "run/console_log.h"

namespace hospes::run {

namespace {

constexpr std::size_t kLongestLine = 200;

std::string shown(std::string_view line) {
    std::string out(line.substr(0, kLongestLine));
    while (!out.empty() && out.back() == '\r') out.pop_back();
    for (char& character : out) {
        const auto value = static_cast<unsigned char>(character);
        if ((value < ' ' && character != '\t') || value >= 0x7f) character = '?';
    }
    return out;
}

}  // namespace

void ConsoleLog::add(std::span<const char> bytes) {
    text_.append(bytes.data(), bytes.size());
    if (text_.size() > 2 * kKept) text_.erase(0, text_.size() - kKept);
}

std::string ConsoleLog::last_lines(unsigned count) const {
    std::string_view left = text_;
    std::string out;
    while (count > 0 && !left.empty()) {
        const std::size_t before = left.find_last_of('\n');
        const std::string line = shown(before == std::string_view::npos ? left : left.substr(before + 1));
        left = before == std::string_view::npos ? std::string_view() : left.substr(0, before);
        if (line.empty()) continue;
        out = "  | " + line + "\n" + out;
        --count;
    }
    return out;
}

std::string ConsoleLog::line_with(std::string_view text) const {
    const std::size_t at = text_.rfind(text);
    if (at == std::string::npos) return "";
    const std::size_t before = text_.rfind('\n', at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return shown(std::string_view(text_).substr(begin, text_.find('\n', at) - begin));
}

}  // namespace hospes::run
