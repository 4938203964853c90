// Resource descriptors: what _CRS buffers hold (ACPI 6.5, 6.4).
#pragma once

#include <cstdint>
#include <initializer_list>

#include "machine/acpi/bytes.h"

namespace hospes::machine::acpi::resource {

// Ports that a device decodes, 16 bits wide.
Bytes ports(std::uint16_t first, std::uint8_t count);
// An edge-triggered, active-high ISA interrupt.
Bytes isa_irq(unsigned irq);

// Ranges that a bridge passes on; `last` is inclusive.
Bytes bus_window(std::uint16_t first, std::uint16_t last);
Bytes port_window(std::uint16_t first, std::uint16_t last);
Bytes memory_window(std::uint32_t first, std::uint32_t last);

// The descriptors together with the end tag, as an AML buffer.
Bytes template_of(std::initializer_list<Bytes> descriptors);

}  // namespace hospes::machine::acpi::resource
