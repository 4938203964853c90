#include "doctor/diagnosis.h"

#include <algorithm>

#include "doctor/checks/checks.h"
#include "engine/choice/choice.h"
#include "image/store.h"

namespace hospes::doctor {

namespace {

void add(Findings& to, Findings more) { to.insert(to.end(), more.begin(), more.end()); }

// An image with a kernel to measure with: the first that is whole.
std::optional<image::Image> any_image(const image::Store& store) {
    auto entries = store.list();
    if (!entries.ok()) return std::nullopt;
    for (image::Store::Entry& entry : *entries) {
        if (entry.damage.empty()) return std::move(entry.image);
    }
    return std::nullopt;
}

void judge_results(const Speed& speed, Findings& findings) {
    std::string wrong;
    for (const ClassSpeed& one : speed.classes) {
        if (!one.same_result) wrong += (wrong.empty() ? "" : ", ") + one.name;
    }
    if (wrong.empty()) return;
    findings.push_back({Topic::Engine, "vm.wrong-result", Severity::Problem, "a VM computes wrongly: " + wrong,
                        "nothing that VMs say here can be trusted; please report it", ""});
}

void measure(const std::optional<image::Store>& store, const StepListener& step, Diagnosis& diagnosis) {
    const auto image = store ? any_image(*store) : std::nullopt;
    if (!image) {
        diagnosis.no_speed_why = "no image is built whose kernel could be used";
        diagnosis.findings.push_back({Topic::Engine, "speed.not-measured", Severity::Note, "the speed was not measured",
                                      "it takes an image's kernel", "hospes image build micro"});
        return;
    }
    auto speed = measure_speed(image->kernel, step);
    if (!speed.ok()) {
        diagnosis.no_speed_why = speed.error().message();
        diagnosis.findings.push_back(
            {Topic::Engine, "vm.failed", Severity::Problem, diagnosis.no_speed_why, "VMs may not run", ""});
        return;
    }
    judge_results(*speed, diagnosis.findings);
    diagnosis.speed = speed.take();
}

}  // namespace

bool Diagnosis::has_problem() const {
    return std::ranges::any_of(findings, [](const Finding& one) { return one.severity == Severity::Problem; });
}

Diagnosis diagnose(const Wishes& wishes) {
    const engine::KvmFinding kvm = engine::probe_kvm();
    const bool hardware = kvm.kind == engine::KvmFinding::Works;
    Diagnosis diagnosis;
    diagnosis.engine = hardware ? "kvm" : "translator";
    Findings& findings = diagnosis.findings;
    findings.push_back(check_kvm(kvm));
    diagnosis.engine_why = findings.front().summary;
    add(findings, check_processor(!hardware));
    findings.push_back(check_load());
    add(findings, check_cgroup_limits());
    add(findings, {check_free_memory(), check_huge_pages()});
    auto opened = image::Store::open();
    const std::string why = opened.ok() ? "" : opened.error().message();
    std::optional<image::Store> store;
    if (opened.ok()) {
        store = opened.take();
        findings.push_back(check_free_disk(store->folder()));
    }
    findings.push_back(check_io_uring());
    add(findings,
        {check_user_namespaces(), check_subordinate_ids(), check_landlock(), check_seccomp(), check_speculation()});
    add(findings, check_images(store, why));
    add(findings, check_programs());
    diagnosis.no_speed_why = "not asked for";
    if (wishes.speed) measure(store, wishes.step, diagnosis);
    std::ranges::stable_sort(findings, {}, &Finding::topic);
    return diagnosis;
}

}  // namespace hospes::doctor
