#include "doctor/checks/checks.h"

namespace hospes::doctor {

namespace {

Finding unusable(const std::string& why) {
    const std::size_t advice = why.find("; ");
    return {Topic::Images,
            "images.unusable",
            Severity::Problem,
            why.substr(0, advice),
            "no VM starts" + (advice == std::string::npos ? "" : why.substr(advice)),
            ""};
}

}  // namespace

Findings check_images(const std::optional<image::Store>& store, const std::string& why) {
    if (!store) return {unusable(why)};
    auto entries = store->list();
    if (!entries.ok()) return {unusable(entries.error().message())};
    Findings findings;
    std::string names;
    for (const image::Store::Entry& entry : *entries) {
        if (entry.damage.empty()) {
            names += (names.empty() ? "" : ", ") + entry.image.name;
            continue;
        }
        findings.push_back(
            {Topic::Images, "images.damaged", Severity::Warning,
             "image " + entry.image.name + " is damaged: " + entry.damage.substr(0, entry.damage.find(';')),
             "it cannot be run", "hospes image build --force " + entry.image.name});
    }
    if (!names.empty()) {
        findings.push_back({Topic::Images, "images.there", Severity::Ok, "there are images: " + names, "", ""});
    } else if (findings.empty()) {
        findings.push_back({Topic::Images, "images.none", Severity::Note, "there is no image yet",
                            "the first run of each builds it, which takes seconds (micro) to minutes (debian)",
                            "hospes image build micro"});
    }
    return findings;
}

}  // namespace hospes::doctor
