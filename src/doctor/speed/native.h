// The workload on this host.
#pragma once

#include "base/result.h"
#include "doctor/speed/report.h"

namespace hospes::doctor {

// Half of what is measured: takes about half a second.
Result<SpeedReport> measure_natively();

}  // namespace hospes::doctor
