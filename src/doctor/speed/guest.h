// The workload as the only process of a VM.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "doctor/speed/report.h"
#include "image/image.h"

namespace hospes::doctor {

struct GuestSpeed {
    SpeedReport report;
    Nanoseconds boot = 0;  // from the start of hospes-vmm to the first word of the guest's init
};

// On the engine that any VM gets here. `kernel` is checked first. Takes about a second, and what the kernel takes to
// start. To be called on the main thread.
Result<GuestSpeed> measure_in_guest(const image::File& kernel);

}  // namespace hospes::doctor
