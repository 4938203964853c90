#include "bus/pci/bus.h"

#include <gtest/gtest.h>

#include "bus/pci/config_ports.h"

namespace hospes::pci {
namespace {

struct Memory final : bus::IoDevice {
    std::uint64_t read(std::uint64_t offset, unsigned) override { return 0x1000 + offset; }
    void write(std::uint64_t offset, std::uint64_t, unsigned) override { last = offset; }
    std::uint64_t last = 0;
};

struct Wire final : bus::InterruptLine {
    void set(bool asserted) override { level = asserted; }
    bool level = false;
};

struct NoMessages final : bus::MsiTarget {
    void send(std::uint64_t, std::uint32_t) override { ++count; }
    int count = 0;
};

constexpr Identity kIdentity{0x1234, 0x5678, 3, 0x018000, 0xaaaa, 0xbbbb, true};

struct TestFunction final : Function {
    TestFunction() : Function(kIdentity) {
        add_bar(0, BarKind::Memory64, 0x4000, memory);
        add_bar(2, BarKind::Memory32, 0x1000, memory32);
        add_bar(3, BarKind::Io, 0x20, io);
        add_msix(2, 4);
    }
    using Function::set_interrupt;
    using Function::signal_msix;
    Memory memory, memory32, io;
};

class BusTest : public ::testing::Test {
  protected:
    BusTest() { ports_.attach(ConfigPorts::kBase, ConfigPorts::kCount, config_ports_); }

    TestFunction& add(unsigned expected_slot) {
        auto function = std::make_unique<TestFunction>();
        TestFunction& reference = *function;
        auto slot = bus_.add(std::move(function));
        EXPECT_TRUE(slot.ok());
        EXPECT_EQ(slot.value(), expected_slot);
        return reference;
    }
    void select(unsigned slot, unsigned offset) { ports_.write(0xcf8, 1u << 31 | slot << 11 | (offset & 0xfc), 4); }
    std::uint32_t read(unsigned slot, unsigned offset, unsigned size) {
        select(slot, offset);
        return static_cast<std::uint32_t>(ports_.read(0xcfc + (offset & 3), size));
    }
    void write(unsigned slot, unsigned offset, std::uint32_t value, unsigned size) {
        select(slot, offset);
        ports_.write(0xcfc + (offset & 3), value, size);
    }

    bus::AddressSpace memory_, ports_;
    NoMessages msi_;
    std::array<Wire, kInterruptLineCount> wires_;
    Bus bus_{{memory_,
              ports_,
              msi_,
              {&wires_[0], &wires_[1], &wires_[2], &wires_[3], &wires_[4], &wires_[5], &wires_[6], &wires_[7]}}};
    ConfigPorts config_ports_{bus_, nullptr};
};

TEST_F(BusTest, IdentityThroughMechanismOne) {
    add(1);
    EXPECT_EQ(read(0, reg::kClass + 1, 2), 0x0600u) << "a host bridge, or Linux distrusts the mechanism";
    EXPECT_EQ(read(1, 0, 4), 0x56781234u);
    EXPECT_EQ(read(1, 2, 2), 0x5678u);
    EXPECT_EQ(read(1, 8, 4), 0x01800003u);
    EXPECT_EQ(read(1, reg::kSubsystemVendor, 4), 0xbbbbaaaau);
    EXPECT_EQ(read(1, reg::kInterruptPin, 1), 1u);
    EXPECT_EQ(read(1, reg::kInterruptLine, 1), 17u);
    EXPECT_EQ(read(2, 0, 4), ~0u);
    ports_.write(0xcf8, 0, 4);
    EXPECT_EQ(ports_.read(0xcfc, 4), 0xffffffffu);
    ports_.write(0xcf8, 0x80010800, 4);
    EXPECT_EQ(ports_.read(0xcfc, 4), 0xffffffffu) << "there is no bus 1";
}

TEST_F(BusTest, AddressRegisterIsDwordOnly) {
    ports_.write(0xcf8, 0x80000800, 4);
    ports_.write(0xcf9, 6, 1);
    EXPECT_EQ(ports_.read(0xcf8, 4), 0x80000800u);
}

TEST_F(BusTest, BarsAreAssignedSizedAndMovable) {
    add(1);
    EXPECT_EQ(read(1, 0x10, 4), 0xc0000004u);
    EXPECT_EQ(read(1, 0x14, 4), 0u);
    EXPECT_EQ(read(1, 0x18, 4), 0xc0004000u);
    EXPECT_EQ(read(1, 0x1c, 4), 0xc001u);
    EXPECT_EQ(memory_.read(0xc0000010, 4), 0x1010u);
    EXPECT_EQ(ports_.read(0xc004, 2), 0x1004u);

    write(1, reg::kCommand, 0, 2);
    EXPECT_EQ(memory_.read(0xc0000010, 4), 0xffffffffu);
    write(1, 0x10, ~0u, 4);
    write(1, 0x14, ~0u, 4);
    EXPECT_EQ(read(1, 0x10, 4), 0xffffc004u);
    EXPECT_EQ(read(1, 0x14, 4), ~0u);
    write(1, 0x10, 0xd0000000, 4);
    write(1, 0x14, 0, 4);
    write(1, reg::kCommand, command::kMemory, 2);
    EXPECT_EQ(memory_.read(0xd0000010, 4), 0x1010u);
    EXPECT_EQ(memory_.read(0xc0000010, 4), 0xffffffffu);
    EXPECT_EQ(ports_.read(0xc004, 2), 0xffffu);
}

TEST_F(BusTest, ReadOnlyStaysReadOnly) {
    add(1);
    write(1, 0, 0, 4);
    write(1, reg::kStatus, ~0u, 2);
    write(1, reg::kCommand, ~0u, 2);
    EXPECT_EQ(read(1, 0, 4), 0x56781234u);
    EXPECT_EQ(read(1, reg::kCommand, 2), command::kWritable);
    EXPECT_EQ(read(1, reg::kStatus, 2), status::kCapabilities);
}

TEST_F(BusTest, InterruptPinAndDisable) {
    TestFunction& function = add(1);
    function.set_interrupt(true);
    EXPECT_TRUE(wires_[1].level);
    EXPECT_EQ(read(1, reg::kStatus, 2) & status::kInterrupt, status::kInterrupt);
    write(1, reg::kCommand, command::kInterruptDisable, 2);
    EXPECT_FALSE(wires_[1].level);
    write(1, reg::kCommand, 0, 2);
    EXPECT_TRUE(wires_[1].level);
    function.set_interrupt(false);
    EXPECT_FALSE(wires_[1].level);
}

TEST_F(BusTest, SharedLinesAreOred) {
    TestFunction& first = add(1);
    for (unsigned slot = 2; slot < 9; ++slot) add(slot);
    TestFunction& ninth = add(9);  // shares line 1 with slot 1
    first.set_interrupt(true);
    ninth.set_interrupt(true);
    first.set_interrupt(false);
    EXPECT_TRUE(wires_[1].level);
    ninth.set_interrupt(false);
    EXPECT_FALSE(wires_[1].level);
}

TEST_F(BusTest, MsixNeedsBusMasterAndSilencesThePin) {
    TestFunction& function = add(1);
    const unsigned capability = read(1, reg::kCapabilities, 1);
    EXPECT_EQ(read(1, capability, 1), capability::kMsix);
    EXPECT_EQ(read(1, capability + 2, 2), 1u) << "two vectors";
    const std::uint64_t table = read(1, 0x20, 4) & ~0xfull;
    memory_.write(table + 12, 0, 4);
    write(1, capability + 2, msix::kEnable, 2);
    function.signal_msix(0);
    EXPECT_EQ(msi_.count, 0);
    write(1, reg::kCommand, command::kMemory | command::kBusMaster, 2);
    function.signal_msix(0);
    EXPECT_EQ(msi_.count, 1);
    function.set_interrupt(true);
    EXPECT_FALSE(wires_[1].level);
}

TEST_F(BusTest, ResetRestoresWhatFirmwareLeft) {
    TestFunction& function = add(1);
    write(1, 0x10, 0xd0000000, 4);
    write(1, reg::kInterruptLine, 5, 1);
    function.set_interrupt(true);
    bus_.reset();
    EXPECT_EQ(read(1, 0x10, 4), 0xc0000004u);
    EXPECT_EQ(read(1, reg::kInterruptLine, 1), 17u);
    EXPECT_EQ(memory_.read(0xc0000010, 4), 0x1010u);
    EXPECT_FALSE(wires_[1].level);
}

TEST_F(BusTest, FullBusIsAnError) {
    for (unsigned slot = 1; slot < kSlotCount; ++slot) add(slot);
    auto result = bus_.add(std::make_unique<TestFunction>());
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message().find("no PCI slot left"), std::string::npos);
}

}  // namespace
}  // namespace hospes::pci
