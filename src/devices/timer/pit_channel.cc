#include "devices/timer/pit_channel.h"

namespace hospes::devices {

namespace {

std::uint32_t from_bcd(std::uint32_t bcd) {
    return (bcd & 0xf) + 10 * ((bcd >> 4) & 0xf) + 100 * ((bcd >> 8) & 0xf) + 1000 * ((bcd >> 12) & 0xf);
}

std::uint16_t to_bcd(std::uint32_t value) {
    return static_cast<std::uint16_t>(value % 10 | (value / 10 % 10) << 4 | (value / 100 % 10) << 8 |
                                      (value / 1000 % 10) << 12);
}

Nanoseconds ticks_to_ns(std::uint64_t ticks) {
    const auto product = static_cast<__uint128_t>(ticks) * kSecond + PitChannel::kFrequencyHz - 1;
    return static_cast<Nanoseconds>(product / PitChannel::kFrequencyHz);
}

}  // namespace

void PitChannel::set_control(std::uint8_t control) {
    access_ = (control >> 4) & 3;
    mode_ = (control >> 1) & 7;
    if (mode_ > 5) mode_ -= 4;  // the high bit is ignored for 2 and 3
    bcd_ = (control & 1) != 0;
    null_count_ = true;
    running_ = false;
    write_high_ = read_high_ = false;
    latched_count_.reset();
    latched_status_.reset();
}

std::uint64_t PitChannel::ticks(Nanoseconds now) const {
    if (!gate_ && mode_ != 1 && mode_ != 5) return held_ticks_;
    if (now < start_) return 0;
    return static_cast<std::uint64_t>(static_cast<__uint128_t>(now - start_) * kFrequencyHz / kSecond);
}

void PitChannel::start(Nanoseconds now) {
    start_ = now;
    held_ticks_ = 0;
    running_ = true;
}

std::uint16_t PitChannel::counter(Nanoseconds now) const {
    std::uint32_t value = reload_;
    if (running_) {
        const std::uint64_t elapsed = ticks(now);
        if (mode_ == 2) {
            value = reload_ - static_cast<std::uint32_t>(elapsed % reload_);
        } else if (mode_ == 3) {
            value = reload_ - static_cast<std::uint32_t>(2 * elapsed % reload_);
        } else {
            value = static_cast<std::uint32_t>((reload_ + modulus() - elapsed % modulus()) % modulus());
        }
    }
    value %= modulus();
    return bcd_ ? to_bcd(value) : static_cast<std::uint16_t>(value);
}

void PitChannel::latch_count(Nanoseconds now) {
    if (!latched_count_) latched_count_ = counter(now);
}

void PitChannel::latch_status(Nanoseconds now) {
    if (latched_status_) return;
    latched_status_ = static_cast<std::uint8_t>((output(now) ? 0x80 : 0) | (null_count_ ? 0x40 : 0) | access_ << 4 |
                                                mode_ << 1 | (bcd_ ? 1 : 0));
}

std::uint8_t PitChannel::read(Nanoseconds now) {
    if (latched_status_) {
        const std::uint8_t status = *latched_status_;
        latched_status_.reset();
        return status;
    }
    const std::uint16_t value = latched_count_ ? *latched_count_ : counter(now);
    const bool high = access_ == 2 || (access_ == 3 && read_high_);
    if (access_ == 3) read_high_ = !read_high_;
    if (access_ != 3 || high) latched_count_.reset();
    return static_cast<std::uint8_t>(high ? value >> 8 : value);
}

bool PitChannel::write(std::uint8_t value, Nanoseconds now) {
    std::uint32_t count = 0;
    if (access_ == 3 && !write_high_) {
        low_byte_ = value;
        write_high_ = true;
        if (mode_ == 0) running_ = false;  // the first byte stops the count
        return false;
    }
    switch (access_) {
        case 1: count = value; break;
        case 2: count = static_cast<std::uint32_t>(value) << 8; break;
        default: count = low_byte_ | static_cast<std::uint32_t>(value) << 8; break;
    }
    write_high_ = false;
    if (bcd_) count = from_bcd(count);
    reload_ = count == 0 ? modulus() : count;
    null_count_ = false;
    if (mode_ == 1 || mode_ == 5) return false;  // wait for the trigger
    start(now);
    return true;
}

void PitChannel::set_gate(bool gate, Nanoseconds now) {
    if (gate == gate_) return;
    if (!gate) {
        held_ticks_ = ticks(now);
        gate_ = false;
        return;
    }
    gate_ = true;
    if (null_count_) return;
    if (mode_ == 0 || mode_ == 4) {
        start_ = now - ticks_to_ns(held_ticks_);
    } else {
        start(now);
    }
}

bool PitChannel::output(Nanoseconds now) const {
    if (!running_) return mode_ != 0;
    const std::uint64_t elapsed = ticks(now);
    switch (mode_) {
        case 0:
        case 1: return elapsed >= reload_;
        case 2: return !gate_ || elapsed % reload_ != reload_ - 1;
        case 3: return !gate_ || elapsed % reload_ < (reload_ + 1) / 2;
        default: return elapsed != reload_;
    }
}

std::optional<Nanoseconds> PitChannel::next_rise(Nanoseconds now) const {
    if (!running_ || !gate_) return std::nullopt;
    const std::uint64_t elapsed = ticks(now);
    std::uint64_t rise;
    if (mode_ == 2 || mode_ == 3) {
        rise = (elapsed / reload_ + 1) * reload_;
    } else {
        rise = mode_ < 2 ? reload_ : reload_ + 1;
        if (elapsed >= rise) return std::nullopt;
    }
    return start_ + ticks_to_ns(rise);
}

}  // namespace hospes::devices
