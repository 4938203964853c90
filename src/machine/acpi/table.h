// System description tables: the common header and its checksum (ACPI 6.5, 5.2.6).
#pragma once

#include <cstdint>
#include <string_view>

#include "machine/acpi/bytes.h"

namespace hospes::machine::acpi {

inline constexpr std::size_t kHeaderSize = 36;
inline constexpr std::string_view kOemId = "HOSPES";

// A table whose body follows the header.
Bytes make_table(std::string_view signature, std::uint8_t revision, const Bytes& body);

}  // namespace hospes::machine::acpi
