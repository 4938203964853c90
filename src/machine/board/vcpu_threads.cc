#include "machine/board/vcpu_threads.h"

#include <memory>
#include <string>
#include <utility>

namespace hospes::machine {

namespace {

struct Task {
    std::string name;
    std::function<void()> body;
};

// It names itself: the sandbox lets no thread write to another one's name.
void* run_task(void* argument) {
    const std::unique_ptr<Task> task(static_cast<Task*>(argument));
    ::pthread_setname_np(::pthread_self(), task->name.c_str());
    task->body();
    return nullptr;
}

}  // namespace

Result<void> VcpuThreads::start(unsigned index, std::function<void()> body) {
    auto owned = std::make_unique<Task>(Task{"vcpu " + std::to_string(index), std::move(body)});
    pthread_t thread{};
    const int error = ::pthread_create(&thread, nullptr, run_task, owned.get());
    if (error != 0) {
        return Error("cannot start the thread of vCPU " + std::to_string(index) + ": " + errno_text(error) +
                     "; give the VM fewer CPUs, or raise the limit on processes (ulimit -u, pids.max)");
    }
    static_cast<void>(owned.release());  // the thread's from now on
    threads_.push_back(thread);
    return {};
}

void VcpuThreads::join() {
    for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
    threads_.clear();
}

}  // namespace hospes::machine
