#include "vmm/confinement.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "vmm/allowed_calls.h"

namespace hospes::vmm {

namespace {

// The event loop's three, the terminal's pipe, KVM's VM and vCPU; and as many more.
constexpr unsigned kSpareDescriptors = 16;
unsigned spare_descriptors(const machine::MachineSetup& machine) {
    const bool one_for_each_vcpu = machine.engine_kind == machine::EngineKind::Kvm;
    return kSpareDescriptors + (one_for_each_vcpu ? machine.cpus - 1 : 0);
}

bool is_regular(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// No disk grows. What the guest prints, and a profiler's map, may: then files have no bound.
std::optional<std::uint64_t> largest_file(const Options& options, const Holdings& holdings) {
    const translator::EngineOptions& engine = options.machine.engine;
    if (engine.perf_map || is_regular(STDOUT_FILENO) || is_regular(STDERR_FILENO)) return {};
    const bool saves = !engine.save_translations.empty();
    return std::max(holdings.largest_disk, saves ? translator::kMostSavedBytes : 0);
}

}  // namespace

sandbox::Policy policy_of(const Options& options, const Holdings& holdings) {
    sandbox::Policy policy;
    policy.calls = allowed_calls(options.machine.engine_kind, !options.gdb.empty());
    policy.descriptors = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    for (const machine::StreamPort& port : options.ports) policy.descriptors.push_back(port.socket);
    policy.descriptors.insert(policy.descriptors.end(), holdings.descriptors.begin(), holdings.descriptors.end());
    policy.spare_descriptors = spare_descriptors(options.machine);
    policy.largest = largest_file(options, holdings);
    policy.deny_paths = !kSanitized;
    policy.inspectable = options.machine.engine.perf_map;
    return policy;
}

void confine(const Options& options, const Holdings& holdings) {
    if (!options.sandbox)
        return log_line("sandbox: off, as --sandbox off says; do not run guests that you do not trust");
    for (const std::string& lack : sandbox::enter(policy_of(options, holdings))) {
        log_line("sandbox: this host lacks a part, all others hold: %s; see hospes doctor", lack.c_str());
    }
}

}  // namespace hospes::vmm
