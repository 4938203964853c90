// The Differentiated System Description Table: what cannot be found by asking the hardware, as AML.
#include <string>

#include "bus/pci/bus.h"
#include "bus/pci/config_ports.h"
#include "devices/irqchip/irqchip.h"
#include "devices/power/acpi_pm.h"
#include "machine/acpi/aml.h"
#include "machine/acpi/resources.h"
#include "machine/acpi/table.h"
#include "machine/acpi/tables.h"

namespace hospes::machine::acpi {

namespace {

using aml::device;
using aml::eisa_id;
using aml::integer;
using aml::join;
using aml::name;
using aml::name_string;
using aml::package;

// \_S5: the sleep type that powers off, for PM1a and PM1b.
Bytes soft_off() {
    const Bytes type = integer(devices::AcpiPm::kSleepTypeS5);
    return name("\\_S5", package(4, join({type, type, integer(0), integer(0)})));
}

// PICM: what the guest told \_PIC, 0 while it uses the 8259As.
Bytes interrupt_model() {
    return join({name("PICM", integer(0)), aml::method("_PIC", 1, aml::store(aml::argument(0), name_string("PICM")))});
}

// INTA# of each slot; functions here use no other pin.
Bytes routing(bool apic) {
    Bytes entries;
    for (unsigned slot = 1; slot < pci::kSlotCount; ++slot) {
        const unsigned gsi = pci::kFirstGsi + pci::interrupt_line_of(slot, 0);
        const unsigned input = apic ? gsi : devices::Irqchip::pic_irq_of_pci(gsi);
        const Bytes address = integer(slot << 16 | 0xffff);  // any function
        append(entries, package(4, join({address, integer(0), integer(0), integer(input)})));
    }
    return package(static_cast<std::uint8_t>(pci::kSlotCount - 1), entries);
}

Bytes routing_method() {
    return join({name("PRTA", routing(true)), name("PRTP", routing(false)),
                 aml::method("_PRT", 0,
                             join({aml::if_then(name_string("PICM"), aml::return_value(name_string("PRTA"))),
                                   aml::return_value(name_string("PRTP"))}))});
}

Bytes pci_root() {
    const Bytes windows = resource::template_of(
        {resource::bus_window(0, 0), resource::ports(pci::ConfigPorts::kBase, pci::ConfigPorts::kCount),
         resource::port_window(pci::kIoWindowStart, pci::kIoWindowEnd - 1),
         resource::memory_window(pci::kMemoryWindowStart, pci::kMemoryWindowEnd - 1)});
    return device("PCI0", join({name("_HID", eisa_id("PNP0A03")), name("_UID", integer(0)), name("_BBN", integer(0)),
                                name("_CRS", windows), routing_method()}));
}

Bytes isa_device(std::string_view label, std::string_view id, std::uint16_t port, std::uint8_t count, unsigned irq) {
    return device(label,
                  join({name("_HID", eisa_id(id)), name("_UID", integer(0)),
                        name("_CRS", resource::template_of({resource::ports(port, count), resource::isa_irq(irq)}))}));
}

}  // namespace

Bytes make_dsdt() {
    const Bytes devices =
        join({pci_root(), isa_device("COM1", "PNP0501", 0x3f8, 8, 4), isa_device("RTC0", "PNP0B00", 0x70, 2, 8)});
    return make_table("DSDT", 2, join({soft_off(), interrupt_model(), aml::scope("\\_SB", devices)}));
}

}  // namespace hospes::machine::acpi
