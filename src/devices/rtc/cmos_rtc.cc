#include "devices/rtc/cmos_rtc.h"

#include <algorithm>

#include "devices/rtc/calendar.h"

namespace hospes::devices {

namespace {

enum Register : unsigned {
    kSeconds,
    kSecondsAlarm,
    kMinutes,
    kMinutesAlarm,
    kHours,
    kHoursAlarm,
    kDayOfWeek,
    kDay,
    kMonth,
    kYear,
    kA,
    kB,
    kC,
    kD,
    kCentury = 0x32,
};
constexpr std::uint8_t kUpdateInProgress = 0x80;                              // A
constexpr std::uint8_t kSet = 0x80, kBinary = 0x04, k24Hours = 0x02;          // B
constexpr std::uint8_t kPeriodic = 0x40, kAlarm = 0x20, kUpdateEnded = 0x10;  // B: enables, C: flags
constexpr std::uint8_t kInterrupt = 0x80;                                     // C
constexpr std::uint8_t kValidRamAndTime = 0x80;                               // D
constexpr std::uint8_t kPm = 0x80;                                            // hours, in 12-hour mode
constexpr std::uint64_t kUpdateNs = 244'000;                                  // UIP rises this long before an update
constexpr std::uint64_t kDay_ = 86400;

bool is_time(unsigned index) {
    return index == kSeconds || index == kMinutes || index == kHours || (index >= kDayOfWeek && index <= kYear) ||
           index == kCentury;
}

}  // namespace

CmosRtc::CmosRtc(TimeSource& time, std::function<std::uint64_t()> wall_clock, bus::InterruptLine& irq8)
    : time_(time), wall_clock_(std::move(wall_clock)), irq8_(irq8), timer_(time.create_timer([this] {
          collect();
          schedule();
      })) {
    registers_[kA] = 0x26;  // 32.768 kHz time base, 1024 Hz periodic rate
    registers_[kB] = k24Hours;
    registers_[kD] = kValidRamAndTime;
    last_second_ = guest_ns() / kSecond;
}

bool CmosRtc::setting() const { return (registers_[kB] & kSet) != 0; }

std::uint8_t CmosRtc::encode(unsigned value) const {
    return static_cast<std::uint8_t>(registers_[kB] & kBinary ? value : value / 10 << 4 | value % 10);
}

unsigned CmosRtc::decode(std::uint8_t value) const {
    return registers_[kB] & kBinary ? value : (value >> 4) * 10u + (value & 0xfu);
}

void CmosRtc::time_to_registers() {
    const std::uint64_t seconds = guest_ns() / kSecond;
    const std::uint64_t days = seconds / kDay_, of_day = seconds % kDay_;
    const Date date = date_from_days(static_cast<std::int64_t>(days));
    const auto hour = static_cast<unsigned>(of_day / 3600);
    registers_[kSeconds] = encode(static_cast<unsigned>(of_day % 60));
    registers_[kMinutes] = encode(static_cast<unsigned>(of_day / 60 % 60));
    if (registers_[kB] & k24Hours) {
        registers_[kHours] = encode(hour);
    } else {
        registers_[kHours] =
            static_cast<std::uint8_t>(encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? kPm : 0));
    }
    registers_[kDayOfWeek] = static_cast<std::uint8_t>((days + 4) % 7 + 1);  // Sunday is 1; 1970 began on a Thursday
    registers_[kDay] = encode(date.day);
    registers_[kMonth] = encode(date.month);
    registers_[kYear] = encode(static_cast<unsigned>(date.year % 100));
    registers_[kCentury] = encode(static_cast<unsigned>(date.year / 100 % 100));
}

void CmosRtc::registers_to_time() {
    unsigned hour = registers_[kHours];
    if (registers_[kB] & k24Hours) {
        hour = decode(static_cast<std::uint8_t>(hour));
    } else {
        hour = decode(hour & 0x7f) % 12 + (hour & kPm ? 12 : 0);
    }
    const std::int64_t year = decode(registers_[kCentury]) * 100 + decode(registers_[kYear]);
    const unsigned month = std::clamp(decode(registers_[kMonth]), 1u, 12u);
    const std::int64_t days = days_from_date({year, month, decode(registers_[kDay])});
    const std::int64_t seconds = days * static_cast<std::int64_t>(kDay_) + hour * 3600 +
                                 decode(registers_[kMinutes]) * 60 + decode(registers_[kSeconds]);
    // Set on the half second, as the divider's reset does: the next update comes 500 ms later.
    offset_ns_ = static_cast<std::uint64_t>(seconds) * kSecond + kSecond / 2 - wall_clock_();
    last_second_ = guest_ns() / kSecond;
}

// Nanoseconds of the periodic interrupt, 0 for none (register A, table 5 of the data sheet).
std::uint64_t CmosRtc::period() const {
    unsigned rate = registers_[kA] & 0xf;
    if (rate == 0) return 0;
    if (rate <= 2) rate += 7;
    return (kSecond << (rate - 1)) / 32768;
}

bool CmosRtc::alarm_matches(std::uint64_t seconds) const {
    const auto matches = [this](std::uint8_t alarm, unsigned value) {
        return (alarm & 0xc0) == 0xc0 || decode(alarm) == value;
    };
    const std::uint64_t of_day = seconds % kDay_;
    std::uint8_t hours = registers_[kHoursAlarm];
    const auto hour = static_cast<unsigned>(of_day / 3600);
    bool hour_matches = matches(hours, hour);
    if (!(registers_[kB] & k24Hours) && (hours & 0xc0) != 0xc0) {
        hour_matches = decode(hours & 0x7f) % 12 + (hours & kPm ? 12 : 0) == hour;
    }
    return hour_matches && matches(registers_[kMinutesAlarm], static_cast<unsigned>(of_day / 60 % 60)) &&
           matches(registers_[kSecondsAlarm], static_cast<unsigned>(of_day % 60));
}

// Sets the flags of what happened since the last look.
void CmosRtc::collect() {
    const std::uint64_t now = guest_ns();
    const std::uint64_t second = now / kSecond;
    if (!setting() && second != last_second_) {
        registers_[kC] |= kUpdateEnded;
        // After a day every alarm has matched; a clock that was set back shows one update.
        const std::uint64_t first = second > last_second_ && second - last_second_ < kDay_ ? last_second_ + 1 : second;
        for (std::uint64_t at = first; at <= second; ++at) {
            if (!alarm_matches(at)) continue;
            registers_[kC] |= kAlarm;
            break;
        }
    }
    last_second_ = second;
    if (const std::uint64_t length = period(); length != 0) {
        const std::uint64_t current = time_.now() / length;
        if (current != last_period_) registers_[kC] |= kPeriodic;
        last_period_ = current;
    }
    update_line();
}

void CmosRtc::update_line() {
    const bool active = (registers_[kB] & registers_[kC] & (kPeriodic | kAlarm | kUpdateEnded)) != 0;
    if (active) registers_[kC] |= kInterrupt;
    irq8_.set(active);
}

// A timer runs only while an interrupt is enabled; flags that are polled are collected when they are read.
void CmosRtc::schedule() {
    const Nanoseconds now = time_.now();
    Nanoseconds next = ~0ull;
    if (registers_[kB] & (kAlarm | kUpdateEnded) && !setting()) next = now + kSecond - guest_ns() % kSecond;
    if (const std::uint64_t length = period(); length != 0 && registers_[kB] & kPeriodic) {
        next = std::min(next, (now / length + 1) * length);
    }
    if (next == ~0ull) return timer_->disarm();
    timer_->arm(next);
}

std::uint8_t CmosRtc::read_flags() {
    collect();
    const std::uint8_t flags = registers_[kC];
    registers_[kC] = 0;
    update_line();
    return flags;
}

std::uint8_t CmosRtc::read_register(unsigned index) {
    if (index == kC) return read_flags();
    if (index == kA) {
        const bool updating = !setting() && guest_ns() % kSecond >= kSecond - kUpdateNs;
        return static_cast<std::uint8_t>(registers_[kA] | (updating ? kUpdateInProgress : 0));
    }
    if (is_time(index) && !setting()) time_to_registers();
    return registers_[index];
}

void CmosRtc::write_register(unsigned index, std::uint8_t value) {
    if (index == kC || index == kD) return;
    collect();
    if (is_time(index) && !setting()) time_to_registers();
    if (index == kB) {
        const bool was_setting = setting();
        if (!was_setting) time_to_registers();
        registers_[kB] = value;
        if (was_setting && !setting()) registers_to_time();
        update_line();
    } else {
        registers_[index] = index == kA ? value & 0x7f : value;
    }
    if (is_time(index) && !setting()) registers_to_time();
    schedule();
}

std::uint64_t CmosRtc::read(std::uint64_t offset, unsigned) {
    return offset == 0 ? 0xff : read_register(index_);  // the index is write-only
}

void CmosRtc::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    if (offset == 0) {
        index_ = value & 0x7f;  // bit 7 masks NMI
    } else {
        write_register(index_, static_cast<std::uint8_t>(value));
    }
}

}  // namespace hospes::devices
