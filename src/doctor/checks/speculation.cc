#include "sandbox/speculation.h"
#include "doctor/checks/checks.h"

namespace hospes::doctor {

Finding check_speculation() {
    const sandbox::SpeculationSupport support = sandbox::speculation_support();
    if (support.complete()) {
        return {
            Topic::Isolation, "speculation.restricted", Severity::Ok, "VMs run with speculation restricted", "", ""};
    }
    return {Topic::Isolation,
            "speculation.unrestricted",
            Severity::Note,
            "this kernel or processor lets nobody restrict " + support.lacking(),
            "a guest's code may find out, by speculation, what is in its VM process's memory",
            ""};
}

}  // namespace hospes::doctor
