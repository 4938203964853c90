// The ACPI tables that describe this machine to its guest (ACPI 6.5), as firmware would leave them in memory.
#pragma once

#include "base/address.h"
#include "machine/acpi/bytes.h"
#include "memory/guest_ram.h"

namespace hospes::machine::acpi {

// Writes all tables into the firmware area (boot/memory_map.h); the RSDP's address, which is the area's start, so that
// guests that search find it as well.
Gpa write_tables(memory::GuestRam& ram, unsigned cpus);

// The single tables. Addresses are those of the tables that they point at.
Bytes make_rsdp(Gpa rsdt, Gpa xsdt);
Bytes make_facs();
Bytes make_fadt(Gpa facs, Gpa dsdt);
Bytes make_madt(unsigned cpus);
Bytes make_dsdt();

}  // namespace hospes::machine::acpi
