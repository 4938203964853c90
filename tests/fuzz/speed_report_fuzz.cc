// What a guest's console says while its speed is measured. Promise: a report is complete or an error, and no time in it
// is 0, by which others divide.
#include <string_view>

#include "doctor/speed/report.h"
#include "fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hospes;
    const auto report = doctor::parse_speed_report({reinterpret_cast<const char*>(data), size});
    if (!report.ok()) {
        fuzz::require(!report.error().message().empty());
        return 0;
    }
    for (const doctor::ClassTime& time : report.value()) fuzz::require(time.nanoseconds != 0);
    return 0;
}
