#include "image/build/module_order.h"

#include <gtest/gtest.h>

namespace hospes::image {
namespace {

constexpr const char* kDep =
    "kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko\n"
    "kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko\n"
    "kernel/drivers/virtio/virtio_ring.ko:\n"
    "kernel/a.ko: kernel/b.ko\n"
    "kernel/b.ko: kernel/a.ko\n";

using Paths = std::vector<std::string>;

TEST(ModuleOrder, WhatIsNeededComesFirstAndOnce) {
    auto order = module_order(kDep, "", {"virtio_blk", "virtio_rng"});
    ASSERT_TRUE(order.ok());
    EXPECT_EQ(order.value(),
              (Paths{"kernel/drivers/virtio/virtio_ring.ko", "kernel/drivers/virtio/virtio.ko",
                     "kernel/drivers/block/virtio_blk.ko", "kernel/drivers/char/hw_random/virtio-rng.ko"}));
}

TEST(ModuleOrder, BuiltInNeedsNoLoading) {
    auto order = module_order(kDep, "kernel/fs/ext4/ext4.ko\n", {"ext4"});
    ASSERT_TRUE(order.ok());
    EXPECT_TRUE(order->empty());
}

TEST(ModuleOrder, MissingIsAnError) { EXPECT_FALSE(module_order(kDep, "", {"squashfs"}).ok()); }

TEST(ModuleOrder, ALoopEnds) {
    auto order = module_order(kDep, "", {"a"});
    ASSERT_TRUE(order.ok());
    EXPECT_EQ(order->size(), 2u);
}

}  // namespace
}  // namespace hospes::image
