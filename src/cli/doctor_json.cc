#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/doctor_text.h"
#include "doctor/speed/report.h"

namespace hospes::cli {

namespace {

using nlohmann::ordered_json;

constexpr int kSchema = 1;

const char* word_of(doctor::Severity severity) {
    switch (severity) {
        case doctor::Severity::Ok: return "ok";
        case doctor::Severity::Note: return "note";
        case doctor::Severity::Warning: return "warning";
        case doctor::Severity::Problem: break;
    }
    return "problem";
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

ordered_json json_of(const doctor::Diagnosis& diagnosis) {
    ordered_json value = {{"workload", doctor::kWorkload}, {"measured", diagnosis.speed.has_value()}};
    if (!diagnosis.speed) {
        value["why"] = diagnosis.no_speed_why;
        return value;
    }
    for (const doctor::ClassSpeed& one : diagnosis.speed->classes) {
        value["classes"][one.name] = {{"times_native", rounded(one.times_native)}, {"same_result", one.same_result}};
    }
    value["geometric_mean"] = rounded(diagnosis.speed->geometric_mean);
    value["boot_seconds"] = rounded(static_cast<double>(diagnosis.speed->boot) / 1e9);
    return value;
}

}  // namespace

std::string doctor_json(const doctor::Diagnosis& diagnosis) {
    ordered_json value = {{"schema", kSchema},
                          {"engine", {{"name", diagnosis.engine}, {"why", diagnosis.engine_why}}},
                          {"speed", json_of(diagnosis)},
                          {"findings", ordered_json::array()}};
    for (const doctor::Finding& finding : diagnosis.findings) {
        value["findings"].push_back({{"code", finding.code},
                                     {"severity", word_of(finding.severity)},
                                     {"summary", finding.summary},
                                     {"cost", finding.cost},
                                     {"mend", finding.mend}});
    }
    // A folder's name may be no UTF-8.
    return value.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace hospes::cli
