// `hospes run`
#include "run/run.h"

#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "cli/commands.h"
#include "cli/progress_lines.h"
#include "cli/say.h"
#include "cli/values.h"
#include "image/obtain.h"
#include "run/translations.h"

namespace hospes::cli {

namespace {

using Words = std::vector<std::string>;

struct Arguments {
    std::string image, directory, user, cpus, memory = "512", disk_size = "10G", name, engine, cpu_model, timeout;
    std::string pull = "missing";
    Words environment, shared, command;
    bool terminal = false, no_terminal = false, verbose = false;
};

constexpr char kText[] =
    "The VM has the image as its disk, read-only, and over it a throw-away layer that takes what the command writes. "
    "Standard input, output and error are the command's; if input and output are a terminal, the command gets one, and "
    "every key is for it. Input is read ahead of the command: in a loop over lines, give it </dev/null. INT, TERM, "
    "HUP, QUIT, USR1 and USR2 are passed on to it. Without COMMAND a shell is run.\n\n"
    "The command runs as root of the VM, with LANG=C.UTF-8, this host's time zone and, on a terminal, TERM; no more of "
    "this host's environment is passed than -e says. Nothing is left behind when it ends, however it ends.\n\n"
    "Still to come: shared folders (-v) and a network. Until then files go in and out by standard input and output.";

std::vector<Option> options_of(Arguments& to) {
    return {
        {"-e,--env", "NAME[=VALUE]", "set a variable; without a value, to what it is here; again for the next one",
         &to.environment},
        {"-w,--workdir", "DIR", "run in this folder of the VM; the user's home if not given", &to.directory},
        {"-u,--user", "USER[:GROUP]", "run as this user of the image, a name or a number; root if not given", &to.user},
        {"-t,--tty", "", "give the command a terminal, even if there is none here", &to.terminal},
        {"-T,--no-tty", "", "give it none", &to.no_terminal},
        {"-v,--volume", "DIR:DIR", "share a folder of this host (still to come: it is refused)", &to.shared,
         Completion::Directory},
        {"--name", "NAME", "the VM's host name; the image's if not given", &to.name},
        {"--cpus", "N", "number of CPUs; 1 if not given", &to.cpus},
        {"--memory", "SIZE", "memory in MiB, or with M or G behind it; 512 if not given", &to.memory},
        {"--disk-size", "SIZE", "room for what is written; 10G if not given; it takes only what is used",
         &to.disk_size},
        {"--timeout", "TIME", "kill it after so many seconds (or with s, m, h, d) from the VM's start", &to.timeout},
        {"--pull",
         "WHEN",
         "build the image: missing (the default), never, always",
         &to.pull,
         Completion::Words,
         {"missing", "never", "always"}},
        {"--engine",
         "NAME",
         "CPU engine: kvm, translator, or auto (the default)",
         &to.engine,
         Completion::Words,
         {"auto", "kvm", "translator"}},
        {"--cpu-model",
         "NAME",
         "what the VM's CPU can: host (the default), x86-64-v4, x86-64-v3, x86-64-v2",
         &to.cpu_model,
         Completion::Words,
         {"host", "x86-64-v4", "x86-64-v3", "x86-64-v2"}},
        {"--verbose", "", "show the kernel's console on standard error", &to.verbose},
    };
}

// "NAME" takes its value from here, and is left out if it has none.
Result<Words> environment_of(const Arguments& arguments, bool terminal) {
    Words environment = {"LANG=C.UTF-8"};
    if (const char* zone = ::getenv("TZ")) environment.push_back(std::string("TZ=") + zone);
    const char* kind = ::getenv("TERM");
    if (terminal) environment.push_back(std::string("TERM=") + (kind != nullptr ? kind : "linux"));
    for (const std::string& word : arguments.environment) {
        const std::string name = word.substr(0, word.find('='));
        if (name.empty()) return Error("cannot use -e \"" + word + "\": it has no name; give NAME or NAME=VALUE");
        std::erase_if(environment, [&name](const std::string& other) { return other.starts_with(name + "="); });
        if (name != word) {
            environment.push_back(word);
        } else if (const char* value = ::getenv(name.c_str())) {
            environment.push_back(name + "=" + value);
        }
    }
    return environment;
}

// The host's rules for local time; "" leaves the VM in UTC.
std::string local_time() {
    constexpr std::size_t kMost = 64 * 1024;
    std::ifstream file("/etc/localtime", std::ios::binary);
    std::string rules{std::istreambuf_iterator<char>(file), {}};
    return rules.starts_with("TZif") && rules.size() <= kMost ? rules : "";
}

// The image's name as a host name: "debian-13".
std::string host_name_of(const std::string& image) {
    std::string name = image;
    for (char& character : name) {
        if (!std::isalnum(static_cast<unsigned char>(character))) character = '-';
    }
    return name;
}

Result<std::string> checked_host_name(const std::string& name) {
    const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.'; };
    bool good = !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.';
    for (const char character : name) good = good && allowed(character);
    if (good) return name;
    return Error("cannot use --name \"" + name + "\": no host name; give up to 64 letters, digits, - and .");
}

bool wants_terminal(const Arguments& arguments) {
    if (arguments.terminal || arguments.no_terminal) return arguments.terminal;
    return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

Result<void> check(const Arguments& arguments) {
    if (!arguments.shared.empty()) {
        return Error("cannot share \"" + arguments.shared[0] +
                     "\": shared folders are still to come; until then pass files by standard input, as in: tar c . | "
                     "hospes run IMAGE -- sh -c \"tar x; ...\"");
    }
    if (arguments.terminal && arguments.no_terminal) return Error("cannot have both -t and -T; give one of them");
    return {};
}

Result<run::Plan> plan_for(const Arguments& arguments) {
    HOSPES_TRY(check(arguments));
    run::Plan plan;
    plan.memory_bytes = HOSPES_TRY(parse_size("--memory", arguments.memory));
    plan.layer_bytes = HOSPES_TRY(parse_size("--disk-size", arguments.disk_size));
    if (!arguments.timeout.empty()) plan.limit = HOSPES_TRY(parse_duration("--timeout", arguments.timeout));
    plan.cpus = arguments.cpus;
    plan.engine = arguments.engine;
    plan.cpu_model = arguments.cpu_model;
    plan.verbose = arguments.verbose;
    api::session::Start& start = plan.start;
    start.terminal = wants_terminal(arguments) ? 1 : 0;
    start.words = arguments.command;
    if (start.words.empty()) start.words = {"/bin/sh", "-c", "[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh"};
    start.environment = HOSPES_TRY(environment_of(arguments, start.terminal != 0));
    start.directory = arguments.directory;
    start.user = arguments.user;
    start.local_time = local_time();
    if (!arguments.name.empty()) start.host_name = HOSPES_TRY(checked_host_name(arguments.name));
    return plan;
}

Result<image::Image> image_for(image::Store& store, const Arguments& arguments) {
    ProgressLines progress;
    if (arguments.pull == "missing") {
        return image::obtain(store, arguments.image, image::PullPolicy::Missing, progress);
    }
    if (arguments.pull == "never") return image::obtain(store, arguments.image, image::PullPolicy::Never, progress);
    if (arguments.pull == "always") return image::build(store, arguments.image, {.force = true}, progress);
    return Error("cannot use --pull \"" + arguments.pull + "\"; give missing, never or always");
}

Result<int> run_in_vm(const Arguments& arguments) {
    run::Plan plan = HOSPES_TRY(plan_for(arguments));
    image::Store store = HOSPES_TRY(image::Store::open());
    plan.image = HOSPES_TRY(image_for(store, arguments));
    plan.folder = store.folder() + "/run";
    plan.translations = run::obtain_translations(plan, store.folder() + "/translations", [&] {
        if (::isatty(STDERR_FILENO) == 1) ProgressLines().step(1, 1, "translating " + plan.image.name + ", once");
    });
    if (plan.start.host_name.empty()) plan.start.host_name = host_name_of(plan.image.name);
    const run::Outcome outcome = HOSPES_TRY(run::run(std::move(plan)));
    if (!outcome.line.empty()) say(outcome.line);
    if (!outcome.console.empty()) say_lines("the last lines of the guest's console:", outcome.console);
    return outcome.status;
}

}  // namespace

Command run_command() {
    auto arguments = std::make_shared<Arguments>();
    Command command;
    command.name = "run";
    command.summary = "Run one command in a virtual machine of its own";
    command.text = kText;
    command.options = options_of(*arguments);
    command.arguments = {{"IMAGE", "debian (which is debian:12), debian:13 or micro; built if it is not there yet",
                          &arguments->image, Completion::Image}};
    command.rest = &arguments->command;
    command.examples = {{"hospes run debian -- uname -a", "one command, another kernel"},
                        {"hospes run debian", "a shell"},
                        {"cat big.tar | hospes run debian -- sha256sum", "streams, as with any other command"},
                        {"hospes run --timeout 5m -e CI=1 -w /tmp micro -- sh -c 'echo $CI; exit 7'", "ends with 7"}};
    command.statuses = {{"N", "what the command ended with"},
                        {"128+N", "the command died by signal N, or the run did before the command was started"},
                        {"124", "the time of --timeout was over"},
                        {"125", "the command line cannot be meant, the VM did not start, or it failed"},
                        {"126", "the command cannot be executed"},
                        {"127", "there is no such command in the image"}};
    command.usage_status = run::kNotStarted;
    command.error_status = run::kNotStarted;
    command.run = [arguments] { return run_in_vm(*arguments); };
    return command;
}

}  // namespace hospes::cli
