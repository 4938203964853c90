// The Fixed ACPI Description Table (ACPI 6.5, 5.2.9).
#include "devices/power/acpi_pm.h"
#include "devices/power/reset_control.h"
#include "machine/acpi/table.h"
#include "machine/acpi/tables.h"

namespace hospes::machine::acpi {

namespace {

using devices::AcpiPm;
using devices::ResetControl;

constexpr std::size_t kFadtSize = 276;  // revision 6

// Offsets from the table's start; what is not named is zero.
enum Offset : std::size_t {
    kFirmwareControl = 36,
    kDsdt = 40,
    kSciInterrupt = 46,
    kPm1aEvent = 56,
    kPm1aControl = 64,
    kPmTimer = 76,
    kPm1EventLength = 88,
    kPm1ControlLength = 89,
    kPmTimerLength = 91,
    kC2Latency = 96,
    kC3Latency = 98,
    kCentury = 108,
    kBootArchitecture = 109,
    kFlags = 112,
    kResetRegister = 116,
    kResetValue = 128,
    kMinorVersion = 131,
    kXDsdt = 140,
    kXPm1aEvent = 148,
    kXPm1aControl = 172,
    kXPmTimer = 208,
    kHypervisorVendor = 268,
};

constexpr std::uint16_t kNoSuchState = 0xffff;  // latency of a C state that does not exist
// ISA devices, no VGA. The keyboard controller is not announced: it has neither keyboard nor mouse, and looking for
// them costs a kernel time.
constexpr std::uint16_t kLegacyDevices = 1u << 0, kVgaNotPresent = 1u << 2;
// The power button is fixed hardware; there is no sleep button and no RTC wake-up.
constexpr std::uint32_t kWbinvd = 1u << 0, kProcC1 = 1u << 2, kNoSleepButton = 1u << 5, kNoFixedRtc = 1u << 6,
                        kResetRegisterSupported = 1u << 10;
constexpr std::uint8_t kCenturyRegister = 0x32;

// A Generic Address Structure for I/O ports (5.2.3.2).
void patch_ports(Bytes& table, std::size_t offset, std::uint16_t port, unsigned bytes) {
    patch(table, offset, 1, 1);
    patch(table, offset + 1, 8 * bytes, 1);
    patch(table, offset + 3, bytes == 4 ? 3 : bytes, 1);  // access size: 1 byte, 2 word, 3 dword
    patch(table, offset + 4, port, 8);
}

}  // namespace

Bytes make_fadt(Gpa facs, Gpa dsdt) {
    Bytes table(kFadtSize);
    // X_FIRMWARE_CTRL stays 0: of the two addresses only one may be given.
    patch(table, kFirmwareControl, facs, 4);
    patch(table, kDsdt, dsdt, 4);
    patch(table, kXDsdt, dsdt, 8);
    patch(table, kSciInterrupt, AcpiPm::kSci, 2);
    patch(table, kPm1aEvent, AcpiPm::kEventBlock, 4);
    patch(table, kPm1aControl, AcpiPm::kControlBlock, 4);
    patch(table, kPmTimer, AcpiPm::kTimerBlock, 4);
    patch(table, kPm1EventLength, 4, 1);
    patch(table, kPm1ControlLength, 2, 1);
    patch(table, kPmTimerLength, 4, 1);
    patch(table, kC2Latency, kNoSuchState, 2);
    patch(table, kC3Latency, kNoSuchState, 2);
    patch(table, kCentury, kCenturyRegister, 1);
    patch(table, kBootArchitecture, kLegacyDevices | kVgaNotPresent, 2);
    patch(table, kFlags, kWbinvd | kProcC1 | kNoSleepButton | kNoFixedRtc | kResetRegisterSupported, 4);
    patch_ports(table, kResetRegister, ResetControl::kPort, 1);
    patch(table, kResetValue, ResetControl::kResetValue, 1);
    patch(table, kMinorVersion, 5, 1);
    patch_ports(table, kXPm1aEvent, AcpiPm::kEventBlock, 4);
    patch(table, kXPm1aEvent + 3, 2, 1);  // two 16-bit registers
    patch_ports(table, kXPm1aControl, AcpiPm::kControlBlock, 2);
    patch_ports(table, kXPmTimer, AcpiPm::kTimerBlock, 4);
    patch(table, kHypervisorVendor, 0x53'45'50'53'4f'48, 8);  // "HOSPES"
    return make_table("FACP", 6, Bytes(table.begin() + kHeaderSize, table.end()));
}

}  // namespace hospes::machine::acpi
