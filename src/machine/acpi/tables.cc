#include "machine/acpi/tables.h"

#include "machine/acpi/table.h"
#include "machine/boot/memory_map.h"

namespace hospes::machine::acpi {

namespace {

constexpr std::uint64_t kAlignment = 64;  // the FACS needs it

// Places tables one after the other.
class Area {
  public:
    explicit Area(memory::GuestRam& ram) : ram_(ram) {}

    Gpa reserve(std::size_t size) {
        const Gpa at = next_;
        next_ = (next_ + size + kAlignment - 1) & ~(kAlignment - 1);
        return at;
    }
    Gpa place(const Bytes& table) {
        const Gpa at = reserve(table.size());
        ram_.write(at, table.data(), table.size());
        return at;
    }

  private:
    memory::GuestRam& ram_;
    Gpa next_ = layout::kFirmwareArea;
};

Bytes pointers(std::initializer_list<Gpa> tables, unsigned size) {
    Bytes body;
    for (const Gpa table : tables) put(body, table, size);
    return body;
}

}  // namespace

// 5.2.5.3: the first 20 bytes have a checksum of their own, for ACPI 1.0.
Bytes make_rsdp(Gpa rsdt, Gpa xsdt) {
    constexpr std::size_t kSize = 36, kOldSize = 20, kOldChecksumAt = 8, kChecksumAt = 32;
    Bytes rsdp;
    put_text(rsdp, "RSD PTR ", 8, ' ');
    put8(rsdp, 0);
    put_text(rsdp, kOemId, 6, ' ');
    put8(rsdp, 2);  // revision
    put32(rsdp, rsdt);
    put32(rsdp, kSize);
    put64(rsdp, xsdt);
    put32(rsdp, 0);
    rsdp[kOldChecksumAt] = checksum(rsdp, 0, kOldSize);
    rsdp[kChecksumAt] = checksum(rsdp, 0, kSize);
    return rsdp;
}

// 5.2.10: no waking vector, no global lock taken.
Bytes make_facs() {
    Bytes facs;
    put_text(facs, "FACS", 4, ' ');
    put32(facs, 64);
    put(facs, 0, 8);
    facs.resize(32);
    put8(facs, 2);  // version
    facs.resize(64);
    return facs;
}

Gpa write_tables(memory::GuestRam& ram, unsigned cpus) {
    Area area(ram);
    const Gpa rsdp = area.reserve(make_rsdp(0, 0).size());
    const Gpa facs = area.place(make_facs());
    const Gpa dsdt = area.place(make_dsdt());
    const Gpa fadt = area.place(make_fadt(facs, dsdt));
    const Gpa madt = area.place(make_madt(cpus));
    const Gpa rsdt = area.place(make_table("RSDT", 1, pointers({fadt, madt}, 4)));
    const Gpa xsdt = area.place(make_table("XSDT", 1, pointers({fadt, madt}, 8)));
    const Bytes pointer = make_rsdp(rsdt, xsdt);
    ram.write(rsdp, pointer.data(), pointer.size());
    return rsdp;
}

}  // namespace hospes::machine::acpi
