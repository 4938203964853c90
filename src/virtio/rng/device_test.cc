#include "virtio/rng/device.h"

#include <gtest/gtest.h>

#include "virtio/transport/test_driver.h"

namespace hospes::virtio::rng {
namespace {

constexpr Gpa kData = 0x200000;

TEST(RngDevice, FillsBuffers) {
    TestDriver driver(Device::create());
    EXPECT_EQ(driver.bus.read_config(1, 0, 0, 4), 0x10441af4u);
    driver.start(0, 1);
    driver.rings[0]->add({{kData, 8, true}, {kData + 0x100, 8, true}});
    driver.kick(0);
    EXPECT_EQ(driver.rings[0]->used(0).length, 16u);
    EXPECT_NE(driver.get<std::uint64_t>(kData), 0u);
    EXPECT_NE(driver.get<std::uint64_t>(kData + 0x100), 0u);
    EXPECT_NE(driver.get<std::uint64_t>(kData), driver.get<std::uint64_t>(kData + 0x100));
    EXPECT_EQ(driver.get<std::uint64_t>(kData + 8), 0u);
}

TEST(RngDevice, LargeBuffersGetAPart) {
    TestDriver driver(Device::create());
    driver.start(0, 1);
    driver.rings[0]->add({{kData, 1 << 20, true}});
    driver.kick(0);
    EXPECT_EQ(driver.rings[0]->used(0).length, Device::kMaxBytes);
    EXPECT_EQ(driver.get<std::uint64_t>(kData + Device::kMaxBytes), 0u);
}

TEST(RngDevice, ReadableBufferIsAnError) {
    TestDriver driver(Device::create());
    driver.start(0, 1);
    driver.rings[0]->add({{kData, 8, false}});
    driver.kick(0);
    EXPECT_TRUE(driver.needs_reset());
}

}  // namespace
}  // namespace hospes::virtio::rng
