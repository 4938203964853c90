#include "doctor/speed/speed.h"

#include <cmath>

#include "doctor/speed/guest.h"
#include "doctor/speed/native.h"

namespace hospes::doctor {

namespace {

// Of two measurements of one thing, the one that was disturbed less.
SpeedReport faster(const SpeedReport& one, const SpeedReport& other) {
    SpeedReport report = one;
    for (std::size_t i = 0; i < report.size(); ++i) {
        if (other[i].nanoseconds < report[i].nanoseconds) report[i] = other[i];
    }
    return report;
}

}  // namespace

Result<Speed> measure_speed(const image::File& kernel, const StepListener& step) {
    // This host before and after the VM: on a busy one, speed comes and goes.
    step(1, 3, "measuring the speed of this host");
    const SpeedReport before = HOSPES_TRY(measure_natively());
    step(2, 3, "measuring the speed of a VM");
    const GuestSpeed guest = HOSPES_TRY(measure_in_guest(kernel));
    step(3, 3, "measuring the speed of this host again");
    const SpeedReport native = faster(before, HOSPES_TRY(measure_natively()));
    Speed speed;
    double logarithms = 0;
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
        const double ratio =
            static_cast<double>(guest.report[i].nanoseconds) / static_cast<double>(native[i].nanoseconds);
        speed.classes.push_back({kClasses[i], ratio, guest.report[i].checksum == native[i].checksum});
        logarithms += std::log(ratio);
    }
    speed.geometric_mean = std::exp(logarithms / static_cast<double>(kClasses.size()));
    speed.boot = guest.boot;
    return speed;
}

}  // namespace hospes::doctor
