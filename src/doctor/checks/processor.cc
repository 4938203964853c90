#include <cpuid.h>

#include <algorithm>

#include "doctor/checks/checks.h"
#include "x86/cpuid_model.h"
#include "x86/host_features.h"

namespace hospes::doctor {

namespace {

Finding lacking(const char* code, Severity severity, const std::string& summary, const std::string& cost) {
    return {Topic::Processor, code, severity, summary, cost, ""};
}

bool kernel_enables_xsave() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_OSXSAVE) != 0;
}

}  // namespace

Findings check_processor(bool translator) {
    Findings findings;
    if (translator && !x86::host_executes(x86::Feature::BMI2)) {
        findings.push_back(lacking("cpu.no-bmi2", Severity::Problem, "the CPU lacks BMI2",
                                   "the translator does not run; use a host from 2015 or later"));
    }
    if (translator && !kernel_enables_xsave()) {
        findings.push_back(lacking("cpu.no-xsave", Severity::Problem, "the host's kernel does not enable XSAVE",
                                   "the translator does not run; start that kernel without noxsave"));
    }
    std::string offered;
    // From small to large; what v4 adds (AVX-512) no engine of ours has.
    for (const char* name : {"x86-64-v2", "x86-64-v3"}) {
        const auto model = x86::CpuidModel::create(name, {});
        if (model.ok()) {
            offered.append(name).append(", ");
            continue;
        }
        const bool smallest = std::string(name) == "x86-64-v2";
        const std::string why = model.error().message();
        findings.push_back(lacking(smallest ? "cpu.no-v2" : "cpu.no-v3", smallest ? Severity::Problem : Severity::Note,
                                   why.substr(0, why.find(';')),
                                   smallest ? "no VM runs" : "programs that insist on AVX2 do not run in VMs"));
    }
    if (!std::ranges::any_of(findings, [](const Finding& one) { return one.severity == Severity::Problem; })) {
        findings.push_back({Topic::Processor, "cpu.models", Severity::Ok,
                            "CPU models " + offered + "host (x86-64-v4 is not offered: no AVX-512 yet)", "", ""});
    }
    return findings;
}

}  // namespace hospes::doctor
