// `hospes doctor`
#include <unistd.h>

#include <memory>
#include <optional>

#include "cli/colours.h"
#include "cli/commands.h"
#include "cli/doctor_text.h"
#include "cli/progress_lines.h"
#include "cli/say.h"

namespace hospes::cli {

namespace {

struct Arguments {
    bool json = false;
    bool no_speed = false;
};

doctor::Diagnosis diagnose(const Arguments& arguments) {
    // Nobody reads a log to learn that this takes three seconds.
    std::optional<ProgressLines> progress;
    if (::isatty(STDERR_FILENO) == 1) progress.emplace();
    return doctor::diagnose({!arguments.no_speed, [&progress](unsigned number, unsigned count, const char* what) {
                                 if (progress) progress->step(number, count, what);
                             }});
}

int examine(const Arguments& arguments) {
    const doctor::Diagnosis diagnosis = diagnose(arguments);
    const std::string text =
        arguments.json ? doctor_json(diagnosis) : doctor_text(diagnosis, colours_wanted(STDOUT_FILENO));
    return print(text) && !diagnosis.has_problem() ? 0 : 1;
}

}  // namespace

Command doctor_command() {
    auto arguments = std::make_shared<Arguments>();
    Command command;
    command.name = "doctor";
    command.summary = "Say how well VMs run on this host, and what would mend what is in the way";
    command.text =
        "Looks at the CPU engine and why it is the one, the processor, memory, disk, limits, kernel features and "
        "programs: for each what it costs, and the command that mends it. Nothing is changed.\n\n"
        "The speed is measured with the workload \"hospes-speed 1\": the same program here and in a VM, a second each, "
        "its classes being integers, floating point, vectors, memory and system calls. That takes an image's kernel, "
        "of "
        "any image that is built; none is built for it.";
    command.options = {{"--json", "", "print JSON: a list of findings with codes that do not change", &arguments->json},
                       {"--no-speed", "", "do not measure the speed, which takes some seconds", &arguments->no_speed}};
    command.examples = {{"hospes doctor", "the whole examination"},
                        {"hospes doctor --json | jq .speed.geometric_mean", "one number of it"}};
    command.statuses = {{"0", "VMs run here"}, {"1", "a problem keeps VMs from running"}, {"2", "wrong command line"}};
    command.run = [arguments]() -> Result<int> { return examine(*arguments); };
    return command;
}

}  // namespace hospes::cli
