// virtio over PCI, modern only (virtio 1.2, 4.1).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "bus/pci/function.h"
#include "virtio/device.h"
#include "virtio/transport/common_config.h"

namespace hospes::virtio {

class PciDevice final : public pci::Function, private Link, private CommonEvents {
  public:
    // `time`: where what a notification leaves is served from.
    PciDevice(std::unique_ptr<Device> device, memory::GuestRam& ram, memory::DmaObserver& observer, TimeSource& time);
    ~PciDevice() override;

    // Times the driver broke a ring or a request beyond an answer.
    std::uint64_t malformed() const { return malformed_; }

  private:
    // The BAR with all virtio structures.
    class Registers final : public bus::IoDevice {
      public:
        explicit Registers(PciDevice& owner) : owner_(owner) {}
        std::uint64_t read(std::uint64_t offset, unsigned size) override { return owner_.read_register(offset, size); }
        void write(std::uint64_t offset, std::uint64_t value, unsigned size) override {
            owner_.write_register(offset, value, size);
        }
        unsigned max_access() const override { return 4; }

      private:
        PciDevice& owner_;
    };

    void add_capabilities();
    std::uint64_t read_register(std::uint64_t offset, unsigned size);
    void write_register(std::uint64_t offset, std::uint64_t value, unsigned size);
    std::uint8_t read_isr();
    std::uint32_t read_device_config(std::uint64_t offset, unsigned size) const;
    void notify(std::uint64_t index);
    void serve_rest();
    void interrupt(std::uint16_t vector, std::uint8_t isr_bit);
    bool window(std::uint32_t& offset, unsigned& size) const;

    // Function
    void before_config_read(unsigned offset, unsigned size) override;
    void after_config_write(unsigned offset, unsigned size) override;
    void reset_device() override { driver_reset(); }

    // Link
    std::uint64_t negotiated() const override { return common_.negotiated(); }
    SplitQueue& queue(unsigned index) override { return common_.queue(index); }
    void publish(unsigned index) override;
    void config_changed() override;
    void needs_reset() override;
    void reset_finished() override;

    // CommonEvents
    void driver_ready() override;
    void driver_reset() override;
    void queue_unusable() override { needs_reset(); }

    std::unique_ptr<Device> device_;
    CommonConfig common_;
    Registers registers_;
    unsigned window_capability_ = 0;
    std::uint64_t malformed_ = 0;
    std::uint8_t isr_ = 0;
    TimeSource& time_;
    std::vector<bool> unfinished_;  // by queue: its last notification was served up to the limit
    std::unique_ptr<Timer> rest_;
    bool started_ = false;   // between Device::activate() and reset()
    bool active_ = false;    // started, and nothing malformed so far
    bool draining_ = false;  // reset by the driver, requests still under way
};

}  // namespace hospes::virtio
