#include "devices/timer/pit.h"

#include <algorithm>

namespace hospes::devices {

namespace {
// Faster interrupts than this a guest does not get: its period of one tick must not keep the I/O thread busy.
constexpr Nanoseconds kShortestPeriod = 50'000;
constexpr Nanoseconds kRefreshToggle = 15'085;  // port 0x61 bit 4, the memory refresh of a PC/AT
}  // namespace

Pit::Pit(TimeSource& time, bus::InterruptLine& irq0)
    : time_(time), irq0_(irq0), timer_(time.create_timer([this] { fire(); })) {
    channels_[2].set_gate(false, time.now());
}

void Pit::schedule() {
    const Nanoseconds now = time_.now();
    const auto rise = channels_[0].next_rise(now);
    if (!rise) return timer_->disarm();
    const bool periodic = channels_[0].mode() == 2 || channels_[0].mode() == 3;
    timer_->arm(periodic ? std::max(*rise, now + kShortestPeriod) : *rise);
}

// OUT rose. In mode 0 it stays high; in the others the low pulse that the next edge needs is over in a tick or half a
// period, which nobody can see through an edge-triggered input.
void Pit::fire() {
    irq0_.set(false);
    irq0_.set(true);
    if (channels_[0].mode() != 0) irq0_.set(false);
    schedule();
}

void Pit::control(std::uint8_t value) {
    const unsigned channel = value >> 6;
    if (channel == 3) return read_back(value);
    if ((value & 0x30) == 0) return channels_[channel].latch_count(time_.now());
    channels_[channel].set_control(value);
    if (channel != 0) return;
    irq0_.set(false);
    timer_->disarm();
}

void Pit::read_back(std::uint8_t value) {
    const Nanoseconds now = time_.now();
    for (unsigned channel = 0; channel < 3; ++channel) {
        if (!(value & (2u << channel))) continue;
        if (!(value & 0x20)) channels_[channel].latch_count(now);
        if (!(value & 0x10)) channels_[channel].latch_status(now);
    }
}

std::uint64_t Pit::read(std::uint64_t offset, unsigned) {
    return offset == 3 ? 0xff : channels_[offset].read(time_.now());
}

void Pit::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    const auto byte = static_cast<std::uint8_t>(value);
    if (offset == 3) return control(byte);
    const bool started = channels_[offset].write(byte, time_.now());
    if (offset != 0) return;
    if (started) irq0_.set(false);
    schedule();
}

std::uint64_t Pit::SpeakerPort::read(std::uint64_t, unsigned) {
    const Nanoseconds now = pit_.time_.now();
    const bool refresh = (now / kRefreshToggle) & 1;
    return control_ | (refresh ? 0x10u : 0u) | (pit_.channels_[2].output(now) ? 0x20u : 0u);
}

void Pit::SpeakerPort::write(std::uint64_t, std::uint64_t value, unsigned) {
    control_ = value & 0x0f;  // gate of channel 2, speaker data, and the parity and channel check masks
    pit_.channels_[2].set_gate((control_ & 1) != 0, pit_.time_.now());
}

}  // namespace hospes::devices
