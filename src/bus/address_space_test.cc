#include "bus/address_space.h"

#include <gtest/gtest.h>

#include <string>

namespace hospes::bus {
namespace {

// Remembers accesses as text and answers with the offset plus a bias, byte by byte.
class Probe final : public IoDevice {
  public:
    explicit Probe(unsigned bias, unsigned width = 8) : bias_(bias), width_(width) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override {
        log += "r" + std::to_string(offset) + "/" + std::to_string(size) + " ";
        return bias_ + offset;
    }
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override {
        log += "w" + std::to_string(offset) + "/" + std::to_string(size) + "=" + std::to_string(value) + " ";
    }
    unsigned max_access() const override { return width_; }
    std::string log;

  private:
    unsigned bias_, width_;
};

TEST(AddressSpace, NothingReadsAllOnesOfTheAccessSize) {
    AddressSpace space;
    EXPECT_EQ(space.read(0x80, 1), 0xffu);
    EXPECT_EQ(space.read(0x80, 4), 0xffffffffu);
    EXPECT_EQ(space.read(0x80, 8), ~0ull);
    space.write(0x80, 1, 4);
}

TEST(AddressSpace, FindsTheRangeAndGivesOffsets) {
    AddressSpace space;
    Probe a(0x10), b(0x40);
    space.attach(0x100, 8, a);
    space.attach(0x108, 8, b);
    EXPECT_EQ(space.read(0x107, 1), 0x17u);
    EXPECT_EQ(space.read(0x108, 1), 0x40u);
    EXPECT_EQ(space.read(0x0ff, 1), 0xffu);
    EXPECT_EQ(space.read(0x110, 1), 0xffu);
}

TEST(AddressSpace, WideAccessToANarrowDeviceIsSplitLowAddressFirst) {
    AddressSpace space;
    Probe a(0x10, 1);
    space.attach(0x70, 2, a);
    space.write(0x70, 0x1234, 2);
    EXPECT_EQ(a.log, "w0/1=52 w1/1=18 ");
    EXPECT_EQ(space.read(0x70, 2), 0x1110u);
}

TEST(AddressSpace, AccessAcrossTheEndIsSplitIntoBytes) {
    AddressSpace space;
    Probe a(0x10);
    space.attach(0x100, 2, a);
    EXPECT_EQ(space.read(0x101, 2), 0xff11u);
}

TEST(AddressSpace, TheEarlierRangeWinsAndTheLaterShowsAroundIt) {
    AddressSpace space;
    Probe board(0x10), bar(0x40);
    const auto handle = space.attach(0x104, 4, board);
    space.attach(0x100, 16, bar);
    EXPECT_EQ(space.read(0x103, 1), 0x43u);
    EXPECT_EQ(space.read(0x104, 1), 0x10u);
    EXPECT_EQ(space.read(0x108, 1), 0x48u);
    space.detach(handle);
    EXPECT_EQ(space.read(0x104, 1), 0x44u);
}

TEST(AddressSpace, RangesAtTheTopOfTheAddressSpaceAndSillyOnes) {
    AddressSpace space;
    Probe top(0), silly(0);
    space.attach(~0ull - 3, 4, top);
    space.attach(~0ull - 3, 5, silly);
    space.attach(0x100, 0, silly);
    EXPECT_EQ(space.read(~0ull, 1), 3u);
    EXPECT_EQ(space.read(0x100, 1), 0xffu);
    EXPECT_EQ(silly.log, "");
}

}  // namespace
}  // namespace hospes::bus
