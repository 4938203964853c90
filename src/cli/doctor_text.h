// A diagnosis for people and for programs.
#pragma once

#include <string>

#include "doctor/diagnosis.h"

namespace hospes::cli {

// A line that says it all, then what was found, by topic, then the speed.
std::string doctor_text(const doctor::Diagnosis& diagnosis, bool colours);

// {"schema": 1, "engine": {...}, "speed": {...}, "findings": [...]}
std::string doctor_json(const doctor::Diagnosis& diagnosis);

}  // namespace hospes::cli
