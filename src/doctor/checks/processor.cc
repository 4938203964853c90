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

// The models of the levels, from small to large, and what a VM is without one.
struct Level {
    const char* model;
    const char* code;
    Severity severity;
    const char* cost;
};
constexpr Level kLevels[] = {
    {"x86-64-v2", "cpu.no-v2", Severity::Problem, "no VM runs"},
    {"x86-64-v3", "cpu.no-v3", Severity::Note, "programs that insist on AVX2 do not run in VMs"},
    {"x86-64-v4", "cpu.no-v4", Severity::Note, "programs that insist on AVX-512 do not run in VMs"},
};

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
    for (const Level& level : kLevels) {
        const auto model = x86::CpuidModel::create(level.model, {});
        if (model.ok()) {
            offered.append(level.model).append(", ");
            continue;
        }
        const std::string why = model.error().message();
        findings.push_back(lacking(level.code, level.severity, why.substr(0, why.find(';')), level.cost));
    }
    if (!std::ranges::any_of(findings, [](const Finding& one) { return one.severity == Severity::Problem; })) {
        findings.push_back({Topic::Processor, "cpu.models", Severity::Ok, "CPU models " + offered + "host", "", ""});
    }
    return findings;
}

}  // namespace hospes::doctor
