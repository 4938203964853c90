// The threads that vCPUs run on, one for each, named for them.
#pragma once

#include <pthread.h>

#include <functional>
#include <vector>

#include "base/result.h"

namespace hospes::machine {

class VcpuThreads {
  public:
    VcpuThreads() = default;
    VcpuThreads(const VcpuThreads&) = delete;
    VcpuThreads& operator=(const VcpuThreads&) = delete;
    ~VcpuThreads() { join(); }

    // Runs `body` on a thread of its own, "vcpu `index`". Errors: the host has none to give.
    Result<void> start(unsigned index, std::function<void()> body);
    // Waits for the end of all.
    void join();

  private:
    std::vector<pthread_t> threads_;
};

}  // namespace hospes::machine
