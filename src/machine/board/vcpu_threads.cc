#include "machine/board/vcpu_threads.h"

#include <memory>
#include <string>
#include <utility>

namespace hospes::machine {

namespace {

using Body = std::function<void()>;

void* run_body(void* argument) {
    const std::unique_ptr<Body> body(static_cast<Body*>(argument));
    (*body)();
    return nullptr;
}

}  // namespace

Result<void> VcpuThreads::start(unsigned index, std::function<void()> body) {
    auto owned = std::make_unique<Body>(std::move(body));
    pthread_t thread{};
    const int error = ::pthread_create(&thread, nullptr, run_body, owned.get());
    if (error != 0) {
        return Error("cannot start the thread of vCPU " + std::to_string(index) + ": " + errno_text(error) +
                     "; give the VM fewer CPUs, or raise the limit on processes (ulimit -u, pids.max)");
    }
    owned.release();  // the thread's from now on
    ::pthread_setname_np(thread, ("vcpu " + std::to_string(index)).c_str());
    threads_.push_back(thread);
    return {};
}

void VcpuThreads::join() {
    for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
    threads_.clear();
}

}  // namespace hospes::machine
