#include "virtio/transport/pci_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "virtio/transport/test_driver.h"

namespace hospes::virtio {
namespace {

constexpr std::uint64_t kOwnFeature = 1ull << 5;

// Echoes the length of what it is given; two queues; a reset that may take its time.
struct EchoDevice final : Device {
    static std::unique_ptr<EchoDevice> create(EchoDevice*& reference) {
        auto device = std::make_unique<EchoDevice>();
        reference = device.get();
        return device;
    }
    DeviceType type() const override { return {42, 0x00ff00}; }
    std::uint64_t features() const override { return kOwnFeature; }
    std::span<const std::uint16_t> queue_sizes() const override { return sizes; }
    std::span<const std::byte> config() const override { return bytes; }
    void activate(Link& to) override { link = &to; }
    void notified(unsigned queue) override {
        ++notifications;
        const unsigned before = served;
        serve(*link, queue, chain, [this](const Chain& c) -> std::int64_t {
            ++served;
            if (refills > 0 && refills-- > 0) refill();
            return total_length(c.readable()) > 0 ? static_cast<std::int64_t>(total_length(c.writable())) : -1;
        });
        most_at_once = std::max(most_at_once, served - before);
    }
    bool reset() override {
        ++resets;
        return !slow_reset;
    }

    std::array<std::uint16_t, 2> sizes = {64, 16};
    std::array<std::byte, 6> bytes = {std::byte{1}, std::byte{2}, std::byte{3},
                                      std::byte{4}, std::byte{5}, std::byte{6}};
    Link* link = nullptr;
    Chain chain;
    int notifications = 0, resets = 0;
    unsigned served = 0, most_at_once = 0;  // requests
    unsigned refills = 0;                   // so many more come while they are served
    std::function<void()> refill;
    bool slow_reset = false;
};

class PciDeviceTest : public ::testing::Test {
  protected:
    std::uint32_t config(unsigned offset, unsigned size) { return driver_.bus.read_config(1, 0, offset, size); }
    unsigned find_capability(std::uint8_t id, std::uint8_t type) {
        for (unsigned at = config(pci::reg::kCapabilities, 1); at != 0; at = config(at + 1, 1)) {
            if (config(at, 1) == id && (id != pci::capability::kVendor || config(at + 3, 1) == type)) return at;
        }
        return 0;
    }
    void request(unsigned queue) {
        driver_.rings[queue]->add({{0x200000, 4, false}, {0x201000, 8, true}});
        driver_.kick(queue);
    }
    void enable_msix() {
        const unsigned at = find_capability(pci::capability::kMsix, 0);
        driver_.bus.write_config(1, 0, at + 2, 2, pci::msix::kEnable);
        for (unsigned i = 0; i < 3; ++i) {
            driver_.memory.write(TestDriver::kMsixTable + 16 * i, 0xfee00000, 4);
            driver_.memory.write(TestDriver::kMsixTable + 16 * i + 8, 0x50 + i, 4);
            driver_.memory.write(TestDriver::kMsixTable + 16 * i + 12, 0, 4);
        }
    }

    EchoDevice* echo_ = nullptr;
    TestDriver driver_{EchoDevice::create(echo_)};
};

TEST_F(PciDeviceTest, IdentityAndCapabilities) {
    EXPECT_EQ(config(0, 4), 0x106a1af4u);
    EXPECT_EQ(config(8, 1), 1u);
    const struct {
        std::uint8_t type;
        std::uint32_t offset, length;
    } expected[] = {{1, 0, 56}, {2, 0x3000, 8}, {3, 0x1000, 1}, {4, 0x2000, 6}};
    for (const auto& want : expected) {
        const unsigned at = find_capability(pci::capability::kVendor, want.type);
        ASSERT_NE(at, 0u) << int{want.type};
        EXPECT_EQ(config(at + 2, 1), want.type == 2 ? 20u : 16u);
        EXPECT_EQ(config(at + 4, 1), 0u);
        EXPECT_EQ(config(at + 8, 4), want.offset);
        EXPECT_EQ(config(at + 12, 4), want.length);
    }
    EXPECT_EQ(config(find_capability(pci::capability::kVendor, 2) + 16, 4), 4u);
    EXPECT_NE(find_capability(pci::capability::kVendor, 5), 0u);
    EXPECT_EQ(config(find_capability(pci::capability::kMsix, 0) + 2, 2), 2u) << "three vectors";
}

TEST_F(PciDeviceTest, Negotiation) {
    EXPECT_EQ(driver_.offered(),
              kOwnFeature | feature::kVersion1 | feature::kEventIndex | feature::kIndirectDescriptors);
    EXPECT_FALSE(driver_.negotiate(kOwnFeature)) << "legacy drivers are refused";
    EXPECT_FALSE(driver_.negotiate(feature::kVersion1 | 1)) << "not offered";
    EXPECT_TRUE(driver_.negotiate(feature::kVersion1 | kOwnFeature));
    driver_.write(12, 0, 4);  // the selector still is 1
    EXPECT_EQ(driver_.read(12, 4), 1u) << "fixed after FEATURES_OK";
    driver_.ready();
    EXPECT_EQ(echo_->link->negotiated(), feature::kVersion1 | kOwnFeature);
}

TEST_F(PciDeviceTest, DriverOkNeedsFeaturesOk) {
    driver_.set_status(0);
    driver_.set_status(7);
    EXPECT_EQ(driver_.status(), 3);
    EXPECT_EQ(echo_->link, nullptr);
    driver_.set_status(device_status::kNeedsReset | 3);
    EXPECT_EQ(driver_.status(), 3) << "not the driver's to set";
}

TEST_F(PciDeviceTest, QueueRegisters) {
    EXPECT_EQ(driver_.read(18, 2), 2u);
    driver_.write(22, 1, 2);
    EXPECT_EQ(driver_.read(24, 2), 16u);
    EXPECT_EQ(driver_.read(30, 2), 1u);
    driver_.write(24, 32, 2);
    driver_.write(24, 0, 2);
    driver_.write(24, 7, 2);
    EXPECT_EQ(driver_.read(24, 2), 16u);
    driver_.write(24, 8, 2);
    EXPECT_EQ(driver_.read(24, 2), 8u);
    driver_.write(26, 2, 2);
    EXPECT_EQ(driver_.read(26, 2), 2u);
    driver_.write(26, 3, 2);
    EXPECT_EQ(driver_.read(26, 2), kNoVector);
    driver_.write(32, 0x12345678, 4);
    driver_.write(36, 0x9, 4);
    EXPECT_EQ(driver_.read(32, 4), 0x12345678u);
    EXPECT_EQ(driver_.read(36, 4), 9u);
    driver_.write(28, 1, 2);
    EXPECT_EQ(driver_.read(28, 2), 0u) << "not before FEATURES_OK";
    driver_.write(22, 2, 2);
    EXPECT_EQ(driver_.read(24, 2), 0u) << "no such queue";
    driver_.write(24, 8, 2);
    EXPECT_EQ(driver_.read(24, 4), 0u) << "wrong width";
}

TEST_F(PciDeviceTest, RequestsWithPinInterrupt) {
    driver_.start(0, 2);
    request(0);
    EXPECT_EQ(driver_.rings[0]->used_index(), 1);
    EXPECT_EQ(driver_.rings[0]->used(0).length, 8u);
    EXPECT_TRUE(driver_.wire.level);
    EXPECT_EQ(driver_.isr(), 1);
    EXPECT_FALSE(driver_.wire.level);
    EXPECT_EQ(driver_.isr(), 0);
    EXPECT_TRUE(driver_.msi.sent.empty());
}

TEST_F(PciDeviceTest, RequestsWithMsix) {
    enable_msix();
    ASSERT_TRUE(driver_.negotiate(feature::kVersion1 | feature::kEventIndex));
    driver_.write(16, 0, 2);
    driver_.enable_queue(0, 16, 1);
    driver_.enable_queue(1, 16, 2);
    driver_.ready();
    request(1);
    request(0);
    EXPECT_EQ(driver_.msi.sent, (std::vector<std::uint32_t>{0x52, 0x51}));
    EXPECT_FALSE(driver_.wire.level);
    echo_->link->config_changed();
    EXPECT_EQ(driver_.msi.sent.back(), 0x50u);
    EXPECT_EQ(driver_.read(21, 1), 1u);
}

TEST_F(PciDeviceTest, BuffersOfferedBeforeDriverOk) {
    ASSERT_TRUE(driver_.negotiate(feature::kVersion1));
    driver_.enable_queue(0, 16);
    request(0);
    EXPECT_EQ(echo_->notifications, 0);
    driver_.ready();
    EXPECT_EQ(driver_.rings[0]->used_index(), 1);
}

TEST_F(PciDeviceTest, NotificationsThatMeanNothing) {
    driver_.kick(0);
    driver_.start(0, 1);
    echo_->notifications = 0;
    driver_.kick(1);  // not enabled
    driver_.kick(2);  // not there
    driver_.kick(1000);
    EXPECT_EQ(echo_->notifications, 0);
    driver_.bus.write_config(1, 0, pci::reg::kCommand, 2, pci::command::kMemory);
    driver_.kick(0);
    EXPECT_EQ(echo_->notifications, 0) << "no DMA unless bus master";
}

TEST_F(PciDeviceTest, MalformedNeedsResetAndRecovers) {
    driver_.start(0, 1);
    driver_.rings[0]->set_available_index(17);
    driver_.kick(0);
    EXPECT_TRUE(driver_.needs_reset());
    EXPECT_EQ(driver_.isr(), 2) << "a configuration interrupt";
    EXPECT_EQ(driver_.device->malformed(), 1u);
    for (int i = 0; i < 100; ++i) driver_.kick(0);
    EXPECT_EQ(driver_.device->malformed(), 1u);
    driver_.start(0, 1);
    EXPECT_FALSE(driver_.needs_reset());
    request(0);
    EXPECT_EQ(driver_.rings[0]->used_index(), 1);
}

// As another vCPU may, that fills the ring while this one's notification is served.
TEST_F(PciDeviceTest, RingThatIsRefilledIsServedInPieces) {
    for (const std::uint64_t features : {std::uint64_t{0}, feature::kEventIndex}) {
        echo_->served = 0;
        echo_->refills = 1000;
        driver_.start(features, 1);
        echo_->refill = [this] { driver_.rings[0]->add({{0x200000, 4, false}, {0x201000, 8, true}}); };
        request(0);
        EXPECT_EQ(echo_->served, 32u) << "twice the ring";
        driver_.time.advance(0);
        EXPECT_EQ(echo_->served, 1001u);
        EXPECT_EQ(echo_->most_at_once, 32u);
        EXPECT_EQ(driver_.rings[0]->used_index(), 1001);
        request(0);
        EXPECT_EQ(echo_->served, 1002u);
    }
}

TEST_F(PciDeviceTest, ResetForgetsWhatWasLeftForLater) {
    driver_.start(0, 1);
    echo_->refills = 1000;
    echo_->refill = [this] { driver_.rings[0]->add({{0x200000, 4, false}, {0x201000, 8, true}}); };
    request(0);
    const unsigned served = echo_->served;
    driver_.set_status(0);
    driver_.time.advance(kSecond);
    EXPECT_EQ(echo_->served, served);
}

TEST_F(PciDeviceTest, UnanswerableRequestNeedsReset) {
    driver_.start(0, 1);
    driver_.rings[0]->add({{0x201000, 8, true}});
    driver_.kick(0);
    EXPECT_TRUE(driver_.needs_reset());
}

TEST_F(PciDeviceTest, QueueOutsideRam) {
    ASSERT_TRUE(driver_.negotiate(feature::kVersion1));
    driver_.write(22, 0, 2);
    driver_.write(36, 0xffff, 4);
    driver_.write(28, 1, 2);
    EXPECT_TRUE(driver_.needs_reset());
    driver_.ready();
    EXPECT_EQ(echo_->link, nullptr);
}

TEST_F(PciDeviceTest, ResetForgetsTheDriver) {
    driver_.start(0, 2);
    request(0);
    driver_.set_status(0);
    EXPECT_EQ(driver_.status(), 0);
    EXPECT_EQ(echo_->resets, 1);
    EXPECT_FALSE(driver_.wire.level);
    driver_.write(22, 0, 2);
    EXPECT_EQ(driver_.read(28, 2), 0u);
    EXPECT_EQ(driver_.read(24, 2), 64u);
    EXPECT_EQ(driver_.read(32, 4), 0u);
    request(0);
    EXPECT_EQ(driver_.rings[0]->used_index(), 1);
}

TEST_F(PciDeviceTest, SlowResetKeepsStatusUntilDone) {
    driver_.start(0, 1);
    echo_->slow_reset = true;
    driver_.set_status(0);
    EXPECT_NE(driver_.status(), 0);
    echo_->link->reset_finished();
    EXPECT_EQ(driver_.status(), 0);
}

TEST_F(PciDeviceTest, BusResetResetsTheDevice) {
    driver_.start(0, 1);
    driver_.bus.reset();
    EXPECT_EQ(echo_->resets, 1);
    EXPECT_EQ(driver_.status(), 0);
}

TEST_F(PciDeviceTest, DeviceConfiguration) {
    EXPECT_EQ(driver_.memory.read(TestDriver::kConfig, 4), 0x04030201u);
    EXPECT_EQ(driver_.memory.read(TestDriver::kConfig + 4, 4), 0x0605u);
    EXPECT_EQ(driver_.memory.read(TestDriver::kConfig + 5, 1), 6u);
    EXPECT_EQ(driver_.memory.read(TestDriver::kConfig + 0xff0, 4), 0u);
    driver_.memory.write(TestDriver::kConfig, 9, 1);
    EXPECT_EQ(driver_.memory.read(TestDriver::kConfig, 1), 1u);
}

TEST_F(PciDeviceTest, ConfigurationAccessWindow) {
    const unsigned at = find_capability(pci::capability::kVendor, 5);
    driver_.bus.write_config(1, 0, at + 8, 4, 18);  // queue count
    driver_.bus.write_config(1, 0, at + 12, 4, 2);
    EXPECT_EQ(config(at + 16, 2), 2u);
    driver_.bus.write_config(1, 0, at + 8, 4, 20);  // status
    driver_.bus.write_config(1, 0, at + 12, 4, 1);
    driver_.bus.write_config(1, 0, at + 16, 1, 1);
    EXPECT_EQ(driver_.status(), 1);
    for (const std::uint32_t length : {0u, 3u, 8u, ~0u}) {
        driver_.bus.write_config(1, 0, at + 12, 4, length);
        driver_.bus.write_config(1, 0, at + 16, 4, 0);
    }
    driver_.bus.write_config(1, 0, at + 12, 4, 1);
    driver_.bus.write_config(1, 0, at + 8, 4, ~0u);
    driver_.bus.write_config(1, 0, at + 16, 4, 0);
    driver_.bus.write_config(1, 0, at + 4, 1, 2);
    driver_.bus.write_config(1, 0, at + 16, 4, 0);
    EXPECT_EQ(driver_.status(), 1);
}

}  // namespace
}  // namespace hospes::virtio
