// One counter of an 8254, computed from the clock instead of counted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace hospes::devices {

class PitChannel {
  public:
    static constexpr std::uint64_t kFrequencyHz = 1'193'182;

    // The control word's bits 5..0: access, mode, BCD.
    void set_control(std::uint8_t control);
    // The counter latch command.
    void latch_count(Nanoseconds now);
    // The read-back command's status.
    void latch_status(Nanoseconds now);

    std::uint8_t read(Nanoseconds now);
    // True if the count is complete and counting starts anew.
    bool write(std::uint8_t value, Nanoseconds now);

    // The GATE input. A rising edge triggers modes 1 and 5 and restarts 2 and 3; low holds 0 and 4.
    void set_gate(bool gate, Nanoseconds now);
    bool gate() const { return gate_; }

    bool output(Nanoseconds now) const;
    // When OUT rises next after `now`; nullopt if it will not.
    std::optional<Nanoseconds> next_rise(Nanoseconds now) const;
    unsigned mode() const { return mode_; }

  private:
    std::uint64_t ticks(Nanoseconds now) const;
    std::uint32_t modulus() const { return bcd_ ? 10000 : 65536; }
    std::uint16_t counter(Nanoseconds now) const;
    void start(Nanoseconds now);

    std::uint8_t mode_ = 0;
    std::uint8_t access_ = 3;  // 1: low byte, 2: high byte, 3: low, then high
    bool bcd_ = false;
    bool gate_ = true;
    bool null_count_ = true;  // no count loaded since the control word
    bool running_ = false;    // OUT and the counter follow the clock
    std::uint32_t reload_ = 65536;
    Nanoseconds start_ = 0;
    std::uint64_t held_ticks_ = 0;  // counted when GATE went low
    std::uint8_t low_byte_ = 0;
    bool write_high_ = false, read_high_ = false;
    std::optional<std::uint16_t> latched_count_;
    std::optional<std::uint8_t> latched_status_;
};

}  // namespace hospes::devices
