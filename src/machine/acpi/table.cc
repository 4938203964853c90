#include "machine/acpi/table.h"

namespace hospes::machine::acpi {

namespace {
constexpr std::size_t kChecksumAt = 9;
}

Bytes make_table(std::string_view signature, std::uint8_t revision, const Bytes& body) {
    Bytes table;
    put_text(table, signature, 4, ' ');
    put32(table, kHeaderSize + body.size());
    put8(table, revision);
    put8(table, 0);  // checksum
    put_text(table, kOemId, 6, ' ');
    put_text(table, "HOSPESVM", 8, ' ');
    put32(table, 1);
    put_text(table, "HSPS", 4, ' ');  // the "compiler"
    put32(table, 1);
    append(table, body);
    table[kChecksumAt] = checksum(table, 0, table.size());
    return table;
}

}  // namespace hospes::machine::acpi
