#include "devices/power/acpi_pm.h"

namespace hospes::devices {

namespace {
constexpr std::uint16_t kTimerStatus = 1u << 0, kPowerButton = 1u << 8;
constexpr std::uint16_t kSciEnable = 1u << 0, kSleepEnable = 1u << 13;
constexpr unsigned kSleepTypeShift = 10;
constexpr std::uint16_t kControlWritable = kSciEnable | 7u << kSleepTypeShift | 2u;
constexpr std::uint16_t kStatusBits = 0xcf31;
}  // namespace

AcpiPm::AcpiPm(TimeSource& time, bus::InterruptLine& sci, PowerControl& power)
    : time_(time),
      sci_(sci),
      power_(power),
      timer_(time.create_timer([this] {
          collect();
          update();
      })),
      start_(time.now()) {}

std::uint64_t AcpiPm::ticks() const {
    return static_cast<std::uint64_t>(static_cast<__uint128_t>(time_.now() - start_) * kTimerHz / kSecond);
}

void AcpiPm::collect() {
    const std::uint64_t half = ticks() >> 23;
    if (half != last_half_) status_ |= kTimerStatus;
    last_half_ = half;
}

void AcpiPm::update() {
    sci_.set((status_ & enable_) != 0);
    if (!(enable_ & kTimerStatus)) return timer_->disarm();
    const auto next = static_cast<__uint128_t>((ticks() >> 23) + 1) << 23;
    timer_->arm(start_ + static_cast<Nanoseconds>(next * kSecond / kTimerHz) + 1);
}

void AcpiPm::press_power_button() {
    status_ |= kPowerButton;
    update();
}

std::uint8_t AcpiPm::read_byte(unsigned offset) {
    const std::uint16_t words[] = {status_, enable_, control_, 0};
    return static_cast<std::uint8_t>(words[offset / 2] >> (offset % 2 * 8));
}

std::uint64_t AcpiPm::read(std::uint64_t offset, unsigned size) {
    if (offset >= 8) return (ticks() & 0xffffff) >> (8 * (offset - 8));
    collect();
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size && offset + i < 8; ++i) {
        value |= static_cast<std::uint64_t>(read_byte(static_cast<unsigned>(offset) + i)) << (8 * i);
    }
    return value;
}

void AcpiPm::write(std::uint64_t offset, std::uint64_t value, unsigned size) {
    collect();
    for (unsigned i = 0; i < size && offset + i < 8; ++i) {
        const unsigned at = static_cast<unsigned>(offset) + i;
        const unsigned shift = at % 2 * 8;
        const auto bits = static_cast<std::uint16_t>(((value >> (8 * i)) & 0xff) << shift);
        const auto lane = static_cast<std::uint16_t>(0xff << shift);
        switch (at / 2) {
            case 0: status_ &= static_cast<std::uint16_t>(~(bits & kStatusBits)); break;  // write one to clear
            case 1: enable_ = static_cast<std::uint16_t>((enable_ & ~lane) | bits); break;
            case 2:
                control_ = static_cast<std::uint16_t>((control_ & ~lane) | (bits & kControlWritable) | kSciEnable);
                if ((bits & kSleepEnable) && (control_ >> kSleepTypeShift & 7) == kSleepTypeS5) power_.power_off();
                break;
            default: break;
        }
    }
    update();
}

}  // namespace hospes::devices
