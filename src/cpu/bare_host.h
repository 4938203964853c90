// A machine without devices, for tests of engines.
#pragma once

#include <atomic>

#include "cpu/vcpu_host.h"

namespace hospes::cpu {

class BareHost : public VcpuHost {
  public:
    void request_stop(bool stop) { stop_.store(stop, std::memory_order_release); }

    std::uint64_t mmio_read(Gpa, unsigned size) override { return ~0ull >> (64 - 8 * size); }
    void mmio_write(Gpa, std::uint64_t, unsigned) override {}
    std::uint32_t port_read(std::uint16_t, unsigned size) override { return ~0u >> (32 - 8 * size); }
    void port_write(std::uint16_t, std::uint32_t, unsigned) override {}
    std::optional<std::uint64_t> msr_read(std::uint32_t) override { return std::nullopt; }
    bool msr_write(std::uint32_t, std::uint64_t) override { return false; }
    std::uint8_t task_priority() override { return 0; }
    void set_task_priority(std::uint8_t) override {}
    bool interrupt_pending() override { return false; }
    std::optional<std::uint8_t> acknowledge_interrupt() override { return std::nullopt; }
    bool stop_requested() override { return stop_.load(std::memory_order_acquire); }

  private:
    std::atomic<bool> stop_{false};
};

}  // namespace hospes::cpu
