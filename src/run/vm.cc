#include "run/vm.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "image/store.h"
#include "run/initrd.h"
#include "run/layer.h"

namespace hospes::run {

namespace {

// A panic ends the VM at once: panic=-1 restarts without waiting, reboot=t does that by a triple fault. The rest is for
// a quick start: no self-tests of the kernel's ciphers, no search for serial ports, no waiting for readers of RCU.
constexpr const char* kCommandLine =
    "console=ttyS0 panic=-1 reboot=t cryptomgr.notests 8250.nr_uarts=1 rcupdate.rcu_expedited=1";
constexpr const char* kQuiet = " quiet";

struct Port {
    const char* name;
    UniqueFd ours, theirs;
};

Result<Port> make_port(const char* name) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return Error("cannot make a socket: " + errno_text(errno) + "; raise the limit of open files");
    }
    return Port{name, UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// The command line of hospes-vmm. Files are named by descriptor: so they are the very ones that were checked, and no
// path is taken apart at its commas.
class Words {
  public:
    void add(const std::string& option) { words_.push_back(option); }
    void add(const std::string& option, const std::string& value) {
        words_.push_back(option);
        words_.push_back(value);
    }
    void add_unless_empty(const std::string& option, const std::string& value) {
        if (!value.empty()) add(option, value);
    }
    void add_file(const std::string& option, int fd, const std::string& suffix = "") {
        add(option, "/proc/self/fd/" + std::to_string(fd) + suffix);
        kept_.push_back(fd);
    }
    void add_port(const Port& port) {
        add("--port", std::string(port.name) + "=" + std::to_string(port.theirs.get()));
        kept_.push_back(port.theirs.get());
    }

    Result<VmmProcess> start() const { return VmmProcess::start(words_, kept_); }

  private:
    std::vector<std::string> words_;
    std::vector<int> kept_;
};

}  // namespace

Result<Vm> start_vm(const Plan& plan) {
    namespace session = api::session;
    HOSPES_TRY(image::Store::verify(plan.image.kernel));
    HOSPES_TRY(image::Store::verify(plan.image.boot_modules));
    const UniqueFd layer = HOSPES_TRY(make_layer(plan.folder, plan.layer_bytes));
    const image::File& modules = plan.image.boot_modules;
    const UniqueFd initrd = HOSPES_TRY(make_initrd(modules.lease.get(), modules.bytes));

    Port control = HOSPES_TRY(make_port(session::kControlPort));
    Port input = HOSPES_TRY(make_port(session::kInputPort));
    Port output = HOSPES_TRY(make_port(session::kOutputPort));
    Port errors = HOSPES_TRY(make_port(session::kErrorPort));

    Words words;
    words.add_file("--kernel", plan.image.kernel.lease.get());
    words.add_file("--initrd", initrd.get());
    words.add_file("--disk", plan.image.base.lease.get(), ",readonly=on");
    words.add_file("--disk", plan.image.modules.lease.get(), ",readonly=on");
    words.add_file("--disk", layer.get());
    words.add("--memory", std::to_string(plan.memory_bytes >> 20));
    words.add("--cmdline", std::string(kCommandLine) + (plan.verbose ? "" : kQuiet));
    words.add("--no-reboot");
    words.add_unless_empty("--cpus", plan.cpus);
    words.add_unless_empty("--engine", plan.engine);
    words.add_unless_empty("--cpu-model", plan.cpu_model);
    if (plan.translations.valid()) words.add_file("--translations", plan.translations.get());
    if (plan.save_translations >= 0) words.add_file("--save-translations", plan.save_translations);
    for (const Port* port : {&control, &input, &output, &errors}) words.add_port(*port);
    return Vm{HOSPES_TRY(words.start()), std::move(control.ours), std::move(input.ours), std::move(output.ours),
              std::move(errors.ours)};
}

}  // namespace hospes::run
