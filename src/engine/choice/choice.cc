#include "engine/choice/choice.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/kvm/self_test.h"

namespace hospes::engine {

namespace {

constexpr int kTimeLimit = 5000;  // ms; it takes some 10, and a hundred where virtualization is emulated
constexpr int kReapTries = 1000;  // of 1 ms
constexpr const char* kRepair = "; look for kvm in the kernel's log, or use --engine translator";

[[noreturn]] void be_the_child(const char* device, int report) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const kvm::SelfTestResult result = kvm::run_self_test(device);
    ::_exit(::write(report, &result, sizeof result) == sizeof result ? 0 : 1);
}

// The child's report; nullopt if none came in time.
std::optional<kvm::SelfTestResult> await(int report) {
    pollfd ready{report, POLLIN, 0};
    int polled = 0;
    do {
        polled = ::poll(&ready, 1, kTimeLimit);
    } while (polled < 0 && errno == EINTR);
    kvm::SelfTestResult result;
    if (polled <= 0 || ::read(report, &result, sizeof result) != sizeof result) return std::nullopt;
    return result;
}

// The child's status; nullopt if it cannot even be killed: then it is left behind.
std::optional<int> reap(pid_t child) {
    int status = 0;
    for (int i = 0; i < kReapTries; ++i) {
        if (::waitpid(child, &status, WNOHANG) == child) return status;
        ::usleep(1000);
    }
    return std::nullopt;
}

KvmFinding without_report(std::optional<int> status, const char* device) {
    const char* why = " does not work: a test of it did not end";
    if (status && WIFSIGNALED(*status) && WTERMSIG(*status) != SIGKILL) why = " does not work: a test of it crashed";
    return {KvmFinding::Broken, device + std::string(why) + kRepair};
}

KvmFinding judge(const kvm::SelfTestResult& result, const char* device) {
    KvmFinding finding{KvmFinding::Works, std::string(device) + " runs code as it should"};
    switch (result.opened.fault) {
        case kvm::Fault::None: break;
        case kvm::Fault::Absent: finding.kind = KvmFinding::Absent; break;
        case kvm::Fault::NoPermission: finding.kind = KvmFinding::NoPermission; break;
        case kvm::Fault::NotKvm: finding.kind = KvmFinding::Broken; break;
        case kvm::Fault::OldApi: finding.kind = KvmFinding::OldApi; break;
    }
    if (finding.kind != KvmFinding::Works) {
        finding.detail = kvm::explain(result.opened, device);
    } else if (result.failed != nullptr) {
        const std::string error = result.error != 0 ? ": " + errno_text(result.error) : "";
        finding = {KvmFinding::Broken,
                   std::string(device) + " does not work: " + result.failed + " fails" + error + kRepair};
    }
    return finding;
}

}  // namespace

KvmFinding probe_kvm(const char* device) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return {KvmFinding::Broken, std::string(device) + " cannot be tested: " + errno_text(errno)};
    UniqueFd from_child(ends[0]), to_parent(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return {KvmFinding::Broken, std::string(device) + " cannot be tested: " + errno_text(errno)};
    if (child == 0) be_the_child(device, to_parent.get());
    to_parent = UniqueFd();
    const auto result = await(from_child.get());
    ::kill(child, SIGKILL);  // unless it has ended
    const auto status = reap(child);
    return result ? judge(*result, device) : without_report(status, device);
}

}  // namespace hospes::engine
