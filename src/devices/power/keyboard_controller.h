// What a keyboard controller (Intel 8042) without keyboard and mouse answers, and its reset line.
#pragma once

#include <cstdint>

#include "bus/io_device.h"
#include "devices/power/power_control.h"

namespace hospes::devices {

// Ports 0x60 (data) and 0x64 (status, command), as one device each: data() and command().
class KeyboardController {
  public:
    explicit KeyboardController(PowerControl& power) : power_(power) {}

    bus::IoDevice& data() { return data_; }
    bus::IoDevice& command() { return command_; }

  private:
    class Port final : public bus::IoDevice {
      public:
        Port(KeyboardController& owner, bool command) : owner_(owner), is_command_(command) {}
        std::uint64_t read(std::uint64_t, unsigned) override {
            return is_command_ ? owner_.status() : owner_.take_output();
        }
        void write(std::uint64_t, std::uint64_t value, unsigned) override {
            const auto byte = static_cast<std::uint8_t>(value);
            return is_command_ ? owner_.run_command(byte) : owner_.take_data(byte);
        }
        unsigned max_access() const override { return 1; }

      private:
        KeyboardController& owner_;
        bool is_command_;
    };

    std::uint8_t status() const;
    std::uint8_t take_output();
    void run_command(std::uint8_t command);
    void take_data(std::uint8_t value);
    void answer(std::uint8_t value);

    PowerControl& power_;
    std::uint8_t output_ = 0;
    bool output_full_ = false;
    std::uint8_t configuration_ = 0x34;  // both ports' clocks off, system flag
    std::uint8_t awaited_ = 0;           // the command that the next data byte belongs to
    Port data_{*this, false}, command_{*this, true};
};

}  // namespace hospes::devices
