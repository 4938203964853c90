#include "cpu/kept_msrs.h"

#include <gtest/gtest.h>

#include "x86/msr.h"

namespace hospes::cpu {
namespace {

TEST(KeptMsrs, KeepWhatIsWritten) {
    KeptMsrs msrs(0x2b);
    EXPECT_EQ(msrs.read(x86::msr::IA32_MTRR_DEF_TYPE), 0x806u);
    for (const std::uint32_t index : {0x200u, 0x20eu, 0x250u, 0x259u, 0x26fu, 0x2ffu}) {
        ASSERT_TRUE(msrs.write(index, 6)) << index;
        EXPECT_EQ(msrs.read(index), 6u) << index;
    }
}

TEST(KeptMsrs, RefuseWhatHardwareRefuses) {
    KeptMsrs msrs(0);
    EXPECT_FALSE(msrs.write(0x200, 2));           // no such memory type
    EXPECT_FALSE(msrs.write(0x201, 1ull << 46));  // beyond the physical addresses
    EXPECT_FALSE(msrs.write(0x250, 0x0600000000000002));
    EXPECT_FALSE(msrs.write(x86::msr::IA32_SPEC_CTRL, 8));
    EXPECT_FALSE(msrs.write(x86::msr::IA32_ARCH_CAPABILITIES, 0));
    EXPECT_FALSE(msrs.write(0x210, 0));
    EXPECT_EQ(msrs.read(0x210), std::nullopt);
    EXPECT_EQ(msrs.read(x86::msr::IA32_PRED_CMD), std::nullopt);
}

TEST(KeptMsrs, ConstantsStay) {
    KeptMsrs msrs(0x2b);
    EXPECT_EQ(msrs.read(x86::msr::IA32_ARCH_CAPABILITIES), 0x2bu);
    EXPECT_EQ(msrs.read(x86::msr::IA32_BIOS_SIGN_ID), 1ull << 32);
    EXPECT_TRUE(msrs.write(x86::msr::IA32_MISC_ENABLE, 1ull << 22));
    EXPECT_EQ(msrs.read(x86::msr::IA32_MISC_ENABLE), 0x1800u);
}

}  // namespace
}  // namespace hospes::cpu
