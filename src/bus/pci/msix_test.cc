#include "bus/pci/msix.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace hospes::pci {
namespace {

struct Messages final : bus::MsiTarget {
    void send(std::uint64_t address, std::uint32_t data) override { sent.emplace_back(address, data); }
    std::vector<std::pair<std::uint64_t, std::uint32_t>> sent;
};

class MsixTest : public ::testing::Test {
  protected:
    MsixTest() { msix_.connect(messages_); }

    void program(unsigned vector, std::uint32_t address, std::uint32_t data, std::uint32_t control) {
        const std::uint64_t entry = vector * std::uint64_t{msix::kEntrySize};
        msix_.write(entry, address, 4);
        msix_.write(entry + 4, 0, 4);
        msix_.write(entry + 8, data, 4);
        msix_.write(entry + 12, control, 4);
    }

    Messages messages_;
    Msix msix_{40};
};

TEST_F(MsixTest, SendsWhenUnmasked) {
    program(3, 0xfee01000, 0x41, 0);
    msix_.signal(3);
    EXPECT_TRUE(messages_.sent.empty()) << "MSI-X is off";
    msix_.set_control(true, false);
    EXPECT_TRUE(messages_.sent.empty()) << "an interrupt while off is not remembered";
    msix_.signal(3);
    ASSERT_EQ(messages_.sent.size(), 1u);
    EXPECT_EQ(messages_.sent[0], std::make_pair(std::uint64_t{0xfee01000}, 0x41u));
}

TEST_F(MsixTest, RemembersWhileVectorMasked) {
    msix_.set_control(true, false);
    program(35, 0xfee00000, 1, msix::kVectorMasked);
    msix_.signal(35);
    msix_.signal(35);
    EXPECT_TRUE(messages_.sent.empty());
    EXPECT_EQ(msix_.read(msix_.pba_offset() + 4, 4), 1u << 3);
    msix_.write(35 * 16 + 12, 0, 4);
    EXPECT_EQ(messages_.sent.size(), 1u);
    EXPECT_EQ(msix_.read(msix_.pba_offset() + 4, 4), 0u);
}

TEST_F(MsixTest, RemembersWhileFunctionMasked) {
    program(0, 0xfee00000, 7, 0);
    msix_.set_control(true, true);
    msix_.signal(0);
    EXPECT_EQ(msix_.read(msix_.pba_offset(), 4), 1u);
    msix_.set_control(true, false);
    EXPECT_EQ(messages_.sent.size(), 1u);
}

TEST_F(MsixTest, BadAccessesAreHarmless) {
    msix_.set_control(true, false);
    msix_.signal(40);
    msix_.signal(~0u);
    msix_.write(40 * 16, 1, 4);
    msix_.write(2, 1, 4);
    msix_.write(0, 0xff, 1);
    msix_.write(msix_.pba_offset(), ~0u, 4);
    EXPECT_EQ(msix_.read(msix_.pba_offset(), 4), 0u);
    EXPECT_EQ(msix_.read(0, 4), 0u);
    EXPECT_EQ(msix_.read(msix_.bar_size() - 4, 4), 0u);
    EXPECT_EQ(msix_.read(12, 4), msix::kVectorMasked);
}

TEST(Msix, LargestTableHasRoom) {
    Msix msix(msix::kMaxVectors);
    EXPECT_EQ(msix.pba_offset(), 32768u);
    EXPECT_EQ(msix.bar_size(), 65536u);
    EXPECT_EQ(msix.read(msix.pba_offset() + msix::kMaxVectors / 8 - 4, 4), 0u);
}

}  // namespace
}  // namespace hospes::pci
