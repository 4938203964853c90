#include "cli/doctor_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hospes::cli {
namespace {

using doctor::Diagnosis;
using doctor::Severity;
using doctor::Topic;

Diagnosis sample() {
    Diagnosis diagnosis;
    diagnosis.engine = "translator";
    diagnosis.engine_why = "/dev/kvm is absent";
    diagnosis.no_speed_why = "not asked for";
    diagnosis.findings = {
        {Topic::Engine, "kvm.absent", Severity::Note, "/dev/kvm is absent", "time", "modprobe kvm_amd"},
        {Topic::Images, "images.there", Severity::Ok, "there are images: micro", "", ""}};
    return diagnosis;
}

TEST(DoctorText, GroupsAndAligns) {
    EXPECT_EQ(doctor_text(sample(), false),
              "Hospes will use the translator: /dev/kvm is absent.\n"
              "\n"
              "Engine\n"
              "  note     /dev/kvm is absent\n"
              "           costs: time\n"
              "           mend:  modprobe kvm_amd\n"
              "\n"
              "Images\n"
              "  ok       there are images: micro\n"
              "\n"
              "Speed\n"
              "  hospes-speed 1: not measured; not asked for\n");
}

TEST(DoctorText, AProblemComesFirst) {
    Diagnosis diagnosis = sample();
    diagnosis.findings.push_back(
        {Topic::Images, "package.missing", Severity::Problem, "not installed: mke2fs", "", ""});
    EXPECT_TRUE(doctor_text(diagnosis, false).starts_with("Hospes cannot run VMs here: not installed: mke2fs.\n"));
}

TEST(DoctorText, ColoursOnlyIfWanted) {
    EXPECT_EQ(doctor_text(sample(), false).find('\x1b'), std::string::npos);
    EXPECT_NE(doctor_text(sample(), true).find("\x1b[32mok\x1b[0m"), std::string::npos);
}

TEST(DoctorText, BreaksLongLinesAndLosesNothing) {
    Diagnosis diagnosis = sample();
    std::string words;
    for (unsigned i = 0; i < 60; ++i) words += (words.empty() ? "word" : " word") + std::to_string(i);
    diagnosis.findings[0].summary = words;
    std::string text = doctor_text(diagnosis, false);
    EXPECT_EQ(text.find(words), std::string::npos);
    for (std::size_t at; (at = text.find("\n           word")) != std::string::npos;) text.replace(at, 12, " ");
    EXPECT_NE(text.find(words), std::string::npos);
}

TEST(DoctorJson, SurvivesNamesThatAreNoText) {
    Diagnosis diagnosis = sample();
    diagnosis.findings[0].summary = "\xff\xfe";
    const auto value = nlohmann::json::parse(doctor_json(diagnosis));
    EXPECT_EQ(value["schema"], 1);
    EXPECT_EQ(value["speed"]["measured"], false);
    EXPECT_EQ(value["findings"].size(), 2u);
}

}  // namespace
}  // namespace hospes::cli
