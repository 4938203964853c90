#include "bus/pci/config_space.h"

#include <gtest/gtest.h>

namespace hospes::pci {
namespace {

TEST(ConfigSpace, WritesOnlyWhatIsWritable) {
    ConfigSpace space;
    space.set(0x40, 4, 0x12345678);
    space.set_writable(0x41, 2, 0xf0f0);
    space.write(0x40, 4, 0xffffffff);
    EXPECT_EQ(space.read(0x40, 4), 0x12f4f678u);
    space.write(0x41, 1, 0);
    EXPECT_EQ(space.read(0x40, 2), 0x0678u);
    EXPECT_EQ(space.read(0x42, 1), 0xf4u);
}

TEST(ConfigSpace, AccessesOutsideAreHarmless) {
    ConfigSpace space;
    space.set_writable(0xfc, 4, ~0u);
    space.write(0xfe, 4, ~0u);
    space.write(~0u, 1, 0);
    EXPECT_EQ(space.read(0xfc, 4), 0u);
    EXPECT_EQ(space.read(0xfe, 4), ~0u);
    EXPECT_EQ(space.read(~0u - 1, 4), ~0u);
}

}  // namespace
}  // namespace hospes::pci
