// The 8254 programmable interval timer (Intel 8254 data sheet) and the speaker's port 0x61.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/time.h"
#include "bus/interrupt_line.h"
#include "bus/io_device.h"
#include "devices/timer/pit_channel.h"

namespace hospes::devices {

// Ports 0x40..0x43. Channel 0 is wired to IRQ 0, channel 2's gate and output to port 0x61.
class Pit final : public bus::IoDevice {
  public:
    Pit(TimeSource& time, bus::InterruptLine& irq0);

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 1; }

    // Port 0x61 (1 byte).
    bus::IoDevice& speaker_port() { return speaker_port_; }

  private:
    class SpeakerPort final : public bus::IoDevice {
      public:
        explicit SpeakerPort(Pit& pit) : pit_(pit) {}
        std::uint64_t read(std::uint64_t, unsigned) override;
        void write(std::uint64_t, std::uint64_t value, unsigned) override;
        unsigned max_access() const override { return 1; }

      private:
        Pit& pit_;
        std::uint8_t control_ = 0;
    };

    void control(std::uint8_t value);
    void read_back(std::uint8_t value);
    void schedule();
    void fire();

    TimeSource& time_;
    bus::InterruptLine& irq0_;
    std::array<PitChannel, 3> channels_;
    std::unique_ptr<Timer> timer_;
    SpeakerPort speaker_port_{*this};
};

}  // namespace hospes::devices
