// The devices of every PC, at their fixed ports.
#pragma once

#include <memory>

#include "base/event/event_loop.h"
#include "bus/address_space.h"
#include "devices/debug/debug_exit.h"
#include "devices/debug/post_port.h"
#include "devices/irqchip/irqchip.h"
#include "devices/power/acpi_pm.h"
#include "devices/power/keyboard_controller.h"
#include "devices/rtc/cmos_rtc.h"
#include "devices/serial/console.h"
#include "devices/serial/uart16550.h"
#include "devices/timer/pit.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

class IsaDevices {
  public:
    struct Setup {
        EventLoop& loop;
        bus::AddressSpace& ports;
        devices::Irqchip& irqchip;
        devices::PowerControl& power;
        int serial_input, serial_output;  // descriptors; the input may be -1
        bool debug_exit;
    };
    explicit IsaDevices(const Setup& setup);

    // CMOS bytes that tell old guests how much memory there is.
    void describe_memory(const memory::GuestRam& ram);

  private:
    using Line = std::unique_ptr<bus::InterruptLine>;

    void attach(const Setup& setup);

    Line pit_line_, serial_line_, rtc_line_, sci_line_;
    devices::Pit pit_;
    devices::Console console_;
    devices::Uart16550 serial_;
    devices::CmosRtc rtc_;
    devices::AcpiPm acpi_pm_;
    devices::KeyboardController keyboard_;
    devices::PostPort post_;
    devices::DebugExit debug_exit_;
};

}  // namespace hospes::machine
