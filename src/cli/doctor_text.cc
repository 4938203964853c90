#include "cli/doctor_text.h"

#include <algorithm>
#include <cstdio>

#include "cli/colours.h"
#include "doctor/speed/report.h"

namespace hospes::cli {

namespace {

using doctor::Finding;
using doctor::Severity;
using doctor::Topic;

constexpr std::size_t kMarkWidth = 9;  // of "problem" and two spaces
constexpr std::size_t kWidth = 100;

struct Mark {
    const char* word;
    Colour colour;
};

Mark mark_of(Severity severity) {
    switch (severity) {
        case Severity::Ok: return {"ok", Colour::Green};
        case Severity::Note: return {"note", Colour::Plain};
        case Severity::Warning: return {"warning", Colour::Yellow};
        case Severity::Problem: break;
    }
    return {"problem", Colour::Red};
}

const char* title_of(Topic topic) {
    switch (topic) {
        case Topic::Engine: return "Engine";
        case Topic::Processor: return "Processor";
        case Topic::Memory: return "Memory";
        case Topic::Storage: return "Storage";
        case Topic::Isolation: return "Isolation";
        case Topic::Images: break;
    }
    return "Images";
}

std::string spaces(std::size_t count) { return std::string(count, ' '); }

// `text` broken at spaces, its lines but the first one indented.
std::string broken(const std::string& text, std::size_t indent) {
    std::string lines;
    std::size_t at = 0;
    while (text.size() - at > kWidth - indent) {
        const std::size_t end = text.rfind(' ', at + kWidth - indent);
        if (end == std::string::npos || end <= at) break;
        lines += text.substr(at, end - at) + "\n" + spaces(indent);
        at = end + 1;
    }
    return lines + text.substr(at) + "\n";
}

std::string text_of(const Finding& finding, bool colours) {
    const Mark mark = mark_of(finding.severity);
    const std::string word = mark.word;
    const std::size_t indent = kMarkWidth + 2;
    std::string text = spaces(2) + coloured(colours, mark.colour, word) + spaces(kMarkWidth - word.size()) +
                       broken(finding.summary, indent);
    if (!finding.cost.empty()) text += spaces(indent) + broken("costs: " + finding.cost, indent + 7);
    if (!finding.mend.empty())
        text += spaces(indent) + "mend:  " + coloured(colours, Colour::Bold, finding.mend) + "\n";
    return text;
}

std::string number(const char* format, double value) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string speed_of(const doctor::Diagnosis& diagnosis) {
    std::string text = spaces(2) + std::string(doctor::kWorkload) + ": ";
    if (!diagnosis.speed) return text + "not measured; " + diagnosis.no_speed_why + "\n";
    const doctor::Speed& speed = *diagnosis.speed;
    text += "time in a VM, as a multiple of the time here\n  ";
    for (const doctor::ClassSpeed& one : speed.classes)
        text += one.name + " " + number("%.2f", one.times_native) + "   ";
    text += "geometric mean " + number("%.2f", speed.geometric_mean) + "\n";
    return text + spaces(2) + "a VM's init runs after " + number("%.2f s", static_cast<double>(speed.boot) / 1e9) +
           "\n";
}

std::string first_line(const doctor::Diagnosis& diagnosis) {
    if (!diagnosis.has_problem()) {
        return "Hospes will use " + std::string(diagnosis.engine == "kvm" ? "KVM" : "the translator") + ": " +
               diagnosis.engine_why + ".";
    }
    const auto problem = std::ranges::find(diagnosis.findings, Severity::Problem, &Finding::severity);
    return "Hospes cannot run VMs here: " + problem->summary + ".";
}

}  // namespace

std::string doctor_text(const doctor::Diagnosis& diagnosis, bool colours) {
    std::string text = coloured(colours, Colour::Bold, first_line(diagnosis)) + "\n";
    const Finding* before = nullptr;
    for (const Finding& finding : diagnosis.findings) {
        if (before == nullptr || before->topic != finding.topic)
            text.append("\n").append(title_of(finding.topic)).append("\n");
        text += text_of(finding, colours);
        before = &finding;
    }
    return text + "\nSpeed\n" + speed_of(diagnosis);
}

}  // namespace hospes::cli
