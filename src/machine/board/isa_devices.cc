#include "machine/board/isa_devices.h"

#include <time.h>

#include <algorithm>

namespace hospes::machine {

namespace {

constexpr unsigned kPitIrq = 0, kSerialIrq = 4, kRtcIrq = 8;

enum Port : std::uint16_t {
    kPicMaster = 0x20,
    kPit = 0x40,
    kKeyboardData = 0x60,
    kSpeaker = 0x61,
    kKeyboardCommand = 0x64,
    kRtc = 0x70,
    kPicSlave = 0xa0,
    kSerial = 0x3f8,
    kElcr = 0x4d0,
};

std::uint64_t wall_clock() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * kSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

IsaDevices::IsaDevices(const Setup& setup)
    : pit_line_(setup.irqchip.connect_isa(kPitIrq)),
      serial_line_(setup.irqchip.connect_isa(kSerialIrq)),
      rtc_line_(setup.irqchip.connect_isa(kRtcIrq)),
      sci_line_(setup.irqchip.connect_isa(devices::AcpiPm::kSci)),
      pit_(setup.loop, *pit_line_),
      console_(setup.loop, setup.serial_input, setup.serial_output),
      serial_(*serial_line_, console_),
      rtc_(setup.loop, wall_clock, *rtc_line_),
      acpi_pm_(setup.loop, *sci_line_, setup.power),
      keyboard_(setup.power),
      debug_exit_(setup.power) {
    attach(setup);
    console_.connect(serial_);
}

void IsaDevices::attach(const Setup& setup) {
    devices::Pic& pic = setup.irqchip.pic();
    setup.ports.attach(kPicMaster, 2, pic.master());
    setup.ports.attach(kPit, 4, pit_);
    setup.ports.attach(kKeyboardData, 1, keyboard_.data());
    setup.ports.attach(kSpeaker, 1, pit_.speaker_port());
    setup.ports.attach(kKeyboardCommand, 1, keyboard_.command());
    setup.ports.attach(kRtc, 2, rtc_);
    setup.ports.attach(devices::PostPort::kPort, 1, post_);
    setup.ports.attach(kPicSlave, 2, pic.slave());
    setup.ports.attach(kSerial, 8, serial_);
    setup.ports.attach(kElcr, 2, pic.elcr());
    setup.ports.attach(devices::AcpiPm::kBase, devices::AcpiPm::kSize, acpi_pm_);
    if (setup.debug_exit) setup.ports.attach(devices::DebugExit::kPort, devices::DebugExit::kSize, debug_exit_);
}

// As a PC's firmware leaves them: KiB below 640 KiB, KiB above 1 MiB (twice), 64 KiB blocks above 16 MiB.
void IsaDevices::describe_memory(const memory::GuestRam& ram) {
    const auto set_word = [this](unsigned index, std::uint64_t value) {
        const std::uint64_t word = std::min<std::uint64_t>(value, 0xffff);
        rtc_.set_memory(index, static_cast<std::uint8_t>(word));
        rtc_.set_memory(index + 1, static_cast<std::uint8_t>(word >> 8));
    };
    constexpr std::uint64_t kMiB = 1 << 20;
    const std::uint64_t low = ram.low_size();
    set_word(0x15, 640);
    set_word(0x17, low > kMiB ? (low - kMiB) >> 10 : 0);
    set_word(0x30, low > kMiB ? (low - kMiB) >> 10 : 0);
    set_word(0x34, low > 16 * kMiB ? (low - 16 * kMiB) >> 16 : 0);
}

}  // namespace hospes::machine
