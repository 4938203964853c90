// Port 0x80: takes power-on self-test codes, and writes that only want to wait a microsecond.
#pragma once

#include <cstdint>

#include "bus/io_device.h"

namespace hospes::devices {

class PostPort final : public bus::IoDevice {
  public:
    static constexpr std::uint16_t kPort = 0x80;

    std::uint64_t read(std::uint64_t, unsigned) override { return last_; }
    void write(std::uint64_t, std::uint64_t value, unsigned) override { last_ = static_cast<std::uint8_t>(value); }
    unsigned max_access() const override { return 1; }

  private:
    std::uint8_t last_ = 0;
};

}  // namespace hospes::devices
