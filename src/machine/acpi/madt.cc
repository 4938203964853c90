// The Multiple APIC Description Table (ACPI 6.5, 5.2.12): interrupt controllers, and how ISA interrupts reach them.
#include "devices/irqchip/ioapic.h"
#include "devices/power/acpi_pm.h"
#include "machine/acpi/table.h"
#include "machine/acpi/tables.h"

namespace hospes::machine::acpi {

namespace {

constexpr std::uint32_t kLocalApicAddress = 0xfee00000;
constexpr std::uint32_t kPcAtCompatible = 1;  // two 8259As are there as well
constexpr std::uint16_t kConforming = 0, kHighLevel = 0x0d;

void add_local_apic(Bytes& to, unsigned cpu) {
    put8(to, 0);
    put8(to, 8);
    put8(to, cpu);
    put8(to, cpu);
    put32(to, 1);  // enabled
}

void add_io_apic(Bytes& to) {
    put8(to, 1);
    put8(to, 12);
    put8(to, 0);  // its ID register's value after reset
    put8(to, 0);
    put32(to, devices::IoApic::kBase);
    put32(to, 0);  // first GSI
}

void add_override(Bytes& to, unsigned irq, unsigned gsi, std::uint16_t flags) {
    put8(to, 2);
    put8(to, 10);
    put8(to, 0);  // ISA
    put8(to, irq);
    put32(to, gsi);
    put16(to, flags);
}

void add_nmi_on_lint1(Bytes& to) {
    put8(to, 4);
    put8(to, 6);
    put8(to, 0xff);  // every processor
    put16(to, kConforming);
    put8(to, 1);
}

}  // namespace

Bytes make_madt(unsigned cpus) {
    Bytes body;
    put32(body, kLocalApicAddress);
    put32(body, kPcAtCompatible);
    for (unsigned cpu = 0; cpu < cpus; ++cpu) add_local_apic(body, cpu);
    add_io_apic(body);
    add_override(body, 0, 2, kConforming);  // as Irqchip wires the PIT
    add_override(body, devices::AcpiPm::kSci, devices::AcpiPm::kSci, kHighLevel);
    add_nmi_on_lint1(body);
    return make_table("APIC", 5, body);
}

}  // namespace hospes::machine::acpi
