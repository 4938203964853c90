#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "bus/pci/bus.h"
#include "machine/acpi/aml.h"
#include "machine/acpi/resources.h"
#include "machine/acpi/tables.h"
#include "machine/boot/memory_map.h"

namespace hospes::machine::acpi {
namespace {

std::uint8_t sum(const Bytes& of, std::size_t length) {
    std::uint8_t total = 0;
    for (std::size_t i = 0; i < length; ++i) total = static_cast<std::uint8_t>(total + of[i]);
    return total;
}

std::uint64_t get(const Bytes& from, std::size_t offset, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(from.at(offset + i)) << (8 * i);
    return value;
}

class Tables : public ::testing::Test {
  protected:
    Tables() : ram_(memory::GuestRam::create(2 << 20).take()), rsdp_at_(write_tables(*ram_, 3)) {}

    Bytes read(Gpa gpa, std::size_t size) {
        Bytes bytes(size);
        EXPECT_TRUE(ram_->read(gpa, bytes.data(), size));
        return bytes;
    }
    Bytes table(Gpa gpa) { return read(gpa, get(read(gpa, 8), 4, 4)); }
    static std::string signature(const Bytes& of) { return {of.begin(), of.begin() + 4}; }

    std::unique_ptr<memory::GuestRam> ram_;
    Gpa rsdp_at_;
};

TEST_F(Tables, RsdpIsWhereGuestsSearchWithBothChecksums) {
    EXPECT_EQ(rsdp_at_, layout::kFirmwareArea);
    EXPECT_EQ(rsdp_at_ % 16, 0u);
    const Bytes rsdp = read(rsdp_at_, 36);
    EXPECT_EQ(std::string(rsdp.begin(), rsdp.begin() + 8), "RSD PTR ");
    EXPECT_EQ(sum(rsdp, 20), 0);
    EXPECT_EQ(sum(rsdp, 36), 0);
    EXPECT_EQ(rsdp[15], 2);
}

TEST_F(Tables, RsdtAndXsdtLeadToTheSameSoundTables) {
    const Bytes rsdp = read(rsdp_at_, 36);
    const Bytes rsdt = table(get(rsdp, 16, 4)), xsdt = table(get(rsdp, 24, 8));
    EXPECT_EQ(signature(rsdt), "RSDT");
    EXPECT_EQ(signature(xsdt), "XSDT");
    EXPECT_EQ(sum(rsdt, rsdt.size()), 0);
    EXPECT_EQ(sum(xsdt, xsdt.size()), 0);
    ASSERT_EQ((rsdt.size() - 36) / 4, (xsdt.size() - 36) / 8);
    std::string found;
    for (std::size_t i = 0; i < (xsdt.size() - 36) / 8; ++i) {
        const Gpa at = get(xsdt, 36 + 8 * i, 8);
        EXPECT_EQ(at, get(rsdt, 36 + 4 * i, 4));
        const Bytes one = table(at);
        EXPECT_LE(at + one.size(), layout::kHighMemory);
        EXPECT_EQ(sum(one, one.size()), 0) << signature(one);
        found += signature(one);
    }
    EXPECT_EQ(found, "FACPAPIC");
}

TEST_F(Tables, FadtPointsAtDsdtAndFacs) {
    const Bytes xsdt = table(get(read(rsdp_at_, 36), 24, 8));
    const Bytes fadt = table(get(xsdt, 36, 8));
    ASSERT_EQ(fadt.size(), 276u);
    const Bytes dsdt = table(get(fadt, 140, 8)), facs = table(get(fadt, 36, 4));
    EXPECT_EQ(get(fadt, 40, 4), get(fadt, 140, 8));
    EXPECT_EQ(signature(dsdt), "DSDT");
    EXPECT_EQ(sum(dsdt, dsdt.size()), 0);
    EXPECT_EQ(signature(facs), "FACS");
    EXPECT_EQ(facs.size(), 64u);
    EXPECT_EQ(get(fadt, 36, 4) % 64, 0u);
    EXPECT_EQ(get(fadt, 56, 4), 0x600u);
    EXPECT_EQ(get(fadt, 64, 4), 0x604u);
    EXPECT_EQ(get(fadt, 76, 4), 0x608u);
    EXPECT_EQ(get(fadt, 120, 8), 0xcf9u);
    EXPECT_EQ(get(fadt, 128, 1), 6u);
}

TEST(Madt, ListsProcessorsIoApicAndOverrides) {
    const Bytes madt = make_madt(3);
    EXPECT_EQ(get(madt, 36, 4), 0xfee00000u);
    std::map<unsigned, unsigned> count;
    std::map<unsigned, unsigned> overrides;
    std::size_t at = 44;
    while (at < madt.size()) {
        const auto type = static_cast<unsigned>(get(madt, at, 1));
        ++count[type];
        if (type == 0) {
            EXPECT_EQ(get(madt, at + 3, 1), count[0] - 1);
        }
        if (type == 1) {
            EXPECT_EQ(get(madt, at + 4, 4), 0xfec00000u);
        }
        if (type == 2)
            overrides[static_cast<unsigned>(get(madt, at + 3, 1))] = static_cast<unsigned>(get(madt, at + 4, 4));
        ASSERT_NE(get(madt, at + 1, 1), 0u);
        at += get(madt, at + 1, 1);
    }
    EXPECT_EQ(at, madt.size());
    EXPECT_EQ(count[0], 3u);
    EXPECT_EQ(count[1], 1u);
    EXPECT_EQ(count[4], 1u);
    EXPECT_EQ(overrides, (std::map<unsigned, unsigned>{{0, 2}, {9, 9}}));
}

// The value of a PkgLength, and how many bytes it takes.
std::pair<std::size_t, std::size_t> package_length(const Bytes& from, std::size_t at) {
    const auto lead = static_cast<std::size_t>(from.at(at));
    const std::size_t extra = lead >> 6;
    if (extra == 0) return {lead, 1};
    return {(lead & 0xf) | get(from, at + 1, static_cast<unsigned>(extra)) << 4, 1 + extra};
}

TEST(Aml, LengthsCountThemselvesAtEverySize) {
    for (const std::size_t size :
         {0ul, 1ul, 57ul, 58ul, 59ul, 62ul, 63ul, 64ul, 4000ul, 4089ul, 4090ul, 4091ul, 70000ul}) {
        const Bytes scope = aml::scope("\\_SB", Bytes(size));
        const auto [length, taken] = package_length(scope, 1);
        EXPECT_EQ(length, scope.size() - 1) << size;
        EXPECT_EQ(scope.size(), 1 + taken + 5 + size);
    }
}

TEST(Aml, Values) {
    EXPECT_EQ(aml::integer(0), (Bytes{0x00}));
    EXPECT_EQ(aml::integer(1), (Bytes{0x01}));
    EXPECT_EQ(aml::integer(0x12), (Bytes{0x0a, 0x12}));
    EXPECT_EQ(aml::integer(0x1234), (Bytes{0x0b, 0x34, 0x12}));
    EXPECT_EQ(aml::integer(0x12345678), (Bytes{0x0c, 0x78, 0x56, 0x34, 0x12}));
    EXPECT_EQ(aml::integer(1ull << 32), (Bytes{0x0e, 0, 0, 0, 0, 1, 0, 0, 0}));
    EXPECT_EQ(aml::eisa_id("PNP0A03"), (Bytes{0x0c, 0x41, 0xd0, 0x0a, 0x03}));
    EXPECT_EQ(aml::name_string("\\_S5"), (Bytes{'\\', '_', 'S', '5', '_'}));
    EXPECT_EQ(aml::package(1, aml::integer(7)), (Bytes{0x12, 4, 1, 0x0a, 7}));
    EXPECT_EQ(aml::buffer({9, 8}), (Bytes{0x11, 5, 0x0a, 2, 9, 8}));
}

TEST(Aml, ResourceWindows) {
    const Bytes memory = resource::memory_window(0xc0000000, 0xfebfffff);
    ASSERT_EQ(memory.size(), 26u);
    EXPECT_EQ(get(memory, 1, 2), memory.size() - 3);
    EXPECT_EQ(get(memory, 10, 4), 0xc0000000u);
    EXPECT_EQ(get(memory, 14, 4), 0xfebfffffu);
    EXPECT_EQ(get(memory, 22, 4), 0x3ec00000u);
    EXPECT_EQ(resource::isa_irq(4), (Bytes{0x22, 0x10, 0x00}));
    EXPECT_EQ(resource::ports(0x3f8, 8), (Bytes{0x47, 1, 0xf8, 0x03, 0xf8, 0x03, 1, 8}));
}

// Walks the top level: every term's length must lead exactly to the next one, and the last one to the table's end.
TEST(Dsdt, TermsFillTheTable) {
    const Bytes dsdt = make_dsdt();
    std::string found;
    std::size_t at = 36;
    while (at < dsdt.size()) {
        if (dsdt[at] == 0x08) {  // Name: a package or zero
            const std::size_t value = at + 1 + (dsdt[at + 1] == '\\' ? 5 : 4);
            found += "N";
            at = value + (dsdt[value] == 0x12 ? 1 + package_length(dsdt, value + 1).first : 1);
        } else {
            ASSERT_TRUE(dsdt[at] == 0x14 || dsdt[at] == 0x10) << at;
            found += dsdt[at] == 0x14 ? "M" : "S";
            at += 1 + package_length(dsdt, at + 1).first;
        }
    }
    EXPECT_EQ(at, dsdt.size());
    EXPECT_EQ(found, "NNMS");
}

TEST(Dsdt, RoutesEverySlotAsTheBusIsWired) {
    const Bytes dsdt = make_dsdt();
    for (unsigned slot = 1; slot < pci::kSlotCount; ++slot) {
        const Bytes entry =
            aml::package(4, aml::join({aml::integer(slot << 16 | 0xffff), aml::integer(0), aml::integer(0),
                                       aml::integer(pci::kFirstGsi + pci::interrupt_line_of(slot, 0))}));
        EXPECT_NE(std::search(dsdt.begin(), dsdt.end(), entry.begin(), entry.end()), dsdt.end()) << slot;
    }
}

}  // namespace
}  // namespace hospes::machine::acpi
