#include "run/vmm_log.h"

namespace hospes::run {

namespace {
constexpr std::string_view kName = "hospes-vmm: ";
constexpr std::string_view kWarning = "warning: ";
}  // namespace

void VmmLog::add(std::span<const char> bytes) {
    unfinished_.append(bytes.data(), bytes.size());
    for (std::size_t end; (end = unfinished_.find('\n')) != std::string::npos;) {
        take(unfinished_.substr(0, end));
        unfinished_.erase(0, end + 1);
    }
}

void VmmLog::take(std::string line) {
    if (line.starts_with(kName)) line.erase(0, kName.size());
    if (line.starts_with(kWarning)) return warned_(line.substr(kWarning.size()));
    last_line_ = std::move(line);
}

}  // namespace hospes::run
