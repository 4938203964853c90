// The little of ACPI Machine Language that the DSDT needs (ACPI 6.5, chapter 20). Each function gives encoded bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "machine/acpi/bytes.h"

namespace hospes::machine::acpi::aml {

Bytes join(std::initializer_list<Bytes> parts);

// A name: "_SB", "\\_SB" or "PCI0"; one segment, filled up with underscores.
Bytes name_string(std::string_view text);
Bytes integer(std::uint64_t value);
// "PNP0A03" and its like, packed in 32 bits.
Bytes eisa_id(std::string_view text);
Bytes buffer(const Bytes& content);
// `count` elements, encoded one after the other in `elements`.
Bytes package(std::uint8_t count, const Bytes& elements);

Bytes name(std::string_view text, const Bytes& value);
Bytes scope(std::string_view text, const Bytes& terms);
Bytes device(std::string_view text, const Bytes& terms);
Bytes method(std::string_view text, unsigned arguments, const Bytes& terms);

Bytes argument(unsigned index);
Bytes store(const Bytes& value, const Bytes& target);
Bytes if_then(const Bytes& predicate, const Bytes& terms);
Bytes return_value(const Bytes& value);

}  // namespace hospes::machine::acpi::aml
