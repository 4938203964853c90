// Sizes and times as people write them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace hospes::cli {

// "512M", "10G", "1T" or a number of MiB, to bytes: a whole number of MiB, at least one. `option` is for the error.
Result<std::uint64_t> parse_size(const std::string& option, const std::string& text);

// As timeout(1) takes it: "90", "1.5s", "5m", "2h", "1d". More than zero.
Result<Nanoseconds> parse_duration(const std::string& option, const std::string& text);

}  // namespace hospes::cli
