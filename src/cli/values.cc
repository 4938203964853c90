#include "cli/values.h"

#include <charconv>

namespace hospes::cli {

namespace {

// A number and what follows it, which is one character at most; false if it is something else.
template <typename Number>
bool split(const std::string& text, Number& number, char& unit) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || end - stop > 1) return false;
    unit = stop == end ? '\0' : *stop;
    return true;
}

Error wrong(const std::string& option, const std::string& text, const char* give) {
    return Error("cannot use " + option + " \"" + text + "\"; give " + give);
}

}  // namespace

Result<std::uint64_t> parse_size(const std::string& option, const std::string& text) {
    constexpr std::uint64_t kMost = 1ull << 40;  // MiB; an exbibyte
    std::uint64_t mebibytes = 0;
    char unit = 0;
    unsigned shift = 0;
    bool good = split(text, mebibytes, unit);
    switch (unit) {
        case '\0':
        case 'M': break;
        case 'G': shift = 10; break;
        case 'T': shift = 20; break;
        default: good = false;
    }
    if (!good || mebibytes == 0 || mebibytes > kMost >> shift) {
        return wrong(option, text, "a number of MiB, or one with M, G or T behind it, as in 512M or 10G");
    }
    return mebibytes << shift << 20;
}

Result<Nanoseconds> parse_duration(const std::string& option, const std::string& text) {
    constexpr double kMost = 1e9;  // seconds: longer than anyone waits
    double number = 0;
    char unit = 0;
    bool good = split(text, number, unit);
    switch (unit) {
        case '\0':
        case 's': break;
        case 'm': number *= 60; break;
        case 'h': number *= 3600; break;
        case 'd': number *= 86400; break;
        default: good = false;
    }
    if (!good || !(number > 0) || number > kMost) {
        return wrong(option, text, "seconds, or a number with s, m, h or d behind it, as in 90 or 1.5h");
    }
    return static_cast<Nanoseconds>(number * static_cast<double>(kSecond));
}

}  // namespace hospes::cli
