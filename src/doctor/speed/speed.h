// How fast VMs are here: the workload in a VM against the same bytes on this host.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "image/image.h"

namespace hospes::doctor {

struct ClassSpeed {
    std::string name;         // "int"
    double times_native = 0;  // 1: as fast as this host; 2: takes twice the time
    bool same_result = false;
};

struct Speed {
    std::vector<ClassSpeed> classes;
    double geometric_mean = 0;
    Nanoseconds boot = 0;
};

// `step` is called when a step begins: its number, of how many, and what it is.
using StepListener = std::function<void(unsigned, unsigned, const char*)>;

// Takes some three seconds.
Result<Speed> measure_speed(const image::File& kernel, const StepListener& step);

}  // namespace hospes::doctor
