// All that `hospes doctor` finds out.
#pragma once

#include <optional>
#include <string>

#include "doctor/finding.h"
#include "doctor/speed/speed.h"

namespace hospes::doctor {

struct Diagnosis {
    std::string engine;      // what VMs run on: "kvm", "translator"
    std::string engine_why;  // "/dev/kvm is absent"
    std::optional<Speed> speed;
    std::string no_speed_why;  // if there is none
    Findings findings;         // by topic

    // No VM runs.
    bool has_problem() const;
};

struct Wishes {
    bool speed = true;
    StepListener step;
};

// Looks at everything. To be called on the main thread, while it is the only one.
Diagnosis diagnose(const Wishes& wishes);

}  // namespace hospes::doctor
