#include <sched.h>

#include <cstdio>
#include <cstdlib>

#include "doctor/checks/checks.h"

namespace hospes::doctor {

Finding check_load() {
    cpu_set_t usable;
    CPU_ZERO(&usable);
    ::sched_getaffinity(0, sizeof usable, &usable);
    const int cpus = CPU_COUNT(&usable);
    double load = 0;
    char text[64];
    if (::getloadavg(&load, 1) != 1 || load < cpus) {
        std::snprintf(text, sizeof text, "%d CPUs, not all of them busy", cpus);
        return {Topic::Processor, "cpu.idle", Severity::Ok, text, "", ""};
    }
    std::snprintf(text, sizeof text, "others keep all %d CPUs busy: a load of %.1f", cpus, load);
    return {Topic::Processor,
            "cpu.busy",
            Severity::Note,
            text,
            "VMs get their share only; a speed measured now is rough",
            ""};
}

}  // namespace hospes::doctor
