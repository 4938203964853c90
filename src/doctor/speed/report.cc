#include "doctor/speed/report.h"

#include <charconv>

#include "doctor/host_files.h"

namespace hospes::doctor {

namespace {

constexpr std::string_view kProgram = "hospes-speed";

bool read_hexadecimal(std::string_view word, std::uint64_t& value) {
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    return !word.empty() && error == std::errc() && stop == word.data() + word.size();
}

void take_line(std::string_view line, SpeedReport& report) {
    if (next_word(line) != kProgram) return;
    const std::string_view name = next_word(line);
    const auto nanoseconds = number_of(next_word(line));
    ClassTime time;
    if (!nanoseconds || *nanoseconds == 0 || !read_hexadecimal(next_word(line), time.checksum)) return;
    time.nanoseconds = *nanoseconds;
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
        if (name == kClasses[i]) report[i] = time;
    }
}

}  // namespace

Result<SpeedReport> parse_speed_report(std::string_view text) {
    SpeedReport report;
    while (const auto line = next_line(text)) take_line(*line, report);
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
        if (report[i].nanoseconds == 0) return Error(std::string("it gave no result for the class ") + kClasses[i]);
    }
    return report;
}

}  // namespace hospes::doctor
