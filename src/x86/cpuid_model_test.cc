#include "x86/cpuid_model.h"

#include <gtest/gtest.h>

#include <cstring>

#include "x86/registers.h"

namespace hospes::x86 {
namespace {

constexpr std::uint64_t kNoXcr0 = xcr0::X87;

CpuidModel make(const char* name, const CpuidPlatform& platform = {2'500'000, 1}) {
    auto model = CpuidModel::create(name, platform);
    EXPECT_TRUE(model.ok());
    return model.take();
}

std::string text(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    char bytes[13] = {};
    std::memcpy(bytes, &a, 4);
    std::memcpy(bytes + 4, &b, 4);
    std::memcpy(bytes + 8, &c, 4);
    return bytes;
}

TEST(CpuidModel, UnknownNameListsTheKnown) {
    const auto model = CpuidModel::create("pentium", {});
    ASSERT_FALSE(model.ok());
    EXPECT_NE(model.error().message().find("x86-64-v3"), std::string::npos);
}

TEST(CpuidModel, VendorAndHypervisor) {
    const CpuidModel model = make("x86-64-v2");
    const CpuidLeaf leaf = model.leaf(0, 0, 0, 0, kNoXcr0);
    EXPECT_EQ(leaf.eax, 0x16u);
    EXPECT_EQ(text(leaf.ebx, leaf.edx, leaf.ecx), "GenuineIntel");
    const CpuidLeaf kvm = model.leaf(0x40000000, 0, 0, 0, kNoXcr0);
    EXPECT_EQ(kvm.eax, 0x40000010u);
    EXPECT_EQ(text(kvm.ebx, kvm.ecx, kvm.edx), "KVMKVMKVM");
    EXPECT_EQ(model.leaf(0x40000010, 0, 0, 0, kNoXcr0).eax, 2'500'000u);
    EXPECT_EQ(model.leaf(0x40000010, 0, 0, 0, kNoXcr0).ebx, 1'000'000u);
    EXPECT_EQ(model.leaf(0x40000001, 0, 0, 0, kNoXcr0).eax, 0x0100004au);
    EXPECT_NE(model.leaf(1, 0, 0, 0, kNoXcr0).ecx & (1u << 31), 0u);
}

TEST(CpuidModel, ProcessorHasNoMoreThanTheModel) {
    EXPECT_EQ(make("x86-64-v2").leaf(1, 0, 0, 0, kNoXcr0).eax, 0x000106a5u);
    EXPECT_EQ(make("x86-64-v3").leaf(1, 0, 0, 0, kNoXcr0).eax, 0x000306f2u);
}

TEST(CpuidModel, TakesFromTheEngineWhatItHas) {
    CpuidPlatform platform{2'500'000, 1};
    platform.engine_has = [](Feature feature) { return feature != Feature::PCID && feature != Feature::AVX2; };
    const auto host = CpuidModel::create("host", platform);
    ASSERT_TRUE(host.ok());
    EXPECT_FALSE(host.value().has(Feature::PCID));
    EXPECT_TRUE(host.value().has(Feature::SMEP));
    EXPECT_FALSE(host.value().has(Feature::AVX));  // level 3 as a whole or not at all
    EXPECT_EQ(host.value().supported_xcr0(), xcr0::X87 | xcr0::SSE);
    const auto v3 = CpuidModel::create("x86-64-v3", platform);
    ASSERT_FALSE(v3.ok());
    EXPECT_NE(v3.error().message().find("needs PCID, AVX2, which KVM"), std::string::npos) << v3.error().message();
}

TEST(CpuidModel, LevelsDifferWhereThePsAbiSaysSo) {
    const CpuidModel v2 = make("x86-64-v2");
    EXPECT_TRUE(v2.has(Feature::SSE4_2));
    EXPECT_FALSE(v2.has(Feature::AVX));
    EXPECT_FALSE(v2.has(Feature::BMI1));
    EXPECT_FALSE(v2.has(Feature::AES));
    EXPECT_EQ(v2.supported_xcr0(), xcr0::X87 | xcr0::SSE);
    EXPECT_EQ(v2.leaf(1, 0, 0, cr4::OSXSAVE, 3).ecx & (3u << 26), 0u);  // neither XSAVE nor OSXSAVE

    const CpuidModel v3 = make("x86-64-v3");
    for (const Feature feature :
         {Feature::AVX, Feature::AVX2, Feature::BMI1, Feature::BMI2, Feature::F16C, Feature::FMA, Feature::LZCNT,
          Feature::MOVBE, Feature::XSAVE, Feature::AES, Feature::PCLMULQDQ}) {
        EXPECT_TRUE(v3.has(feature));
    }
    EXPECT_FALSE(v3.has(Feature::SHA));
    EXPECT_FALSE(v3.has(Feature::AVX512F));
    EXPECT_EQ(v3.supported_xcr0(), xcr0::X87 | xcr0::SSE | xcr0::AVX);
    EXPECT_EQ(v3.leaf(7, 0, 0, 0, kNoXcr0).ebx & (1u << 5 | 1u << 16), 1u << 5);  // AVX2, not AVX512F
}

// A platform that has all features, whatever the host lacks.
CpuidPlatform complete() {
    CpuidPlatform platform{2'500'000, 1};
    platform.engine_has = [](Feature) { return true; };
    return platform;
}

TEST(CpuidModel, LevelFourAddsAvx512) {
    const CpuidModel v4 = make("x86-64-v4", complete());
    for (const Feature feature : {Feature::AVX512F, Feature::AVX512BW, Feature::AVX512CD, Feature::AVX512DQ,
                                  Feature::AVX512VL, Feature::AVX2}) {
        EXPECT_TRUE(v4.has(feature));
    }
    EXPECT_FALSE(v4.has(Feature::AVX512VBMI));
    EXPECT_EQ(v4.supported_xcr0(), 0xe7u);
    const std::uint32_t level = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    EXPECT_EQ(v4.leaf(7, 0, 0, 0, kNoXcr0).ebx & (level | 1u << 21), level);
    const CpuidModel host = make("host", complete());
    EXPECT_EQ(host.leaf(7, 0, 0, 0, kNoXcr0).ecx & 0x5842u, 0x5842u);  // VBMI VBMI2 VNNI BITALG VPOPCNTDQ
    EXPECT_EQ(host.leaf(7, 0, 0, 0, kNoXcr0).edx & (1u << 8), 1u << 8);
    EXPECT_EQ(host.leaf(7, 1, 0, 0, kNoXcr0).eax, 1u << 4 | 1u << 5);
}

TEST(CpuidModel, XsavesIsTheHostModelsOnly) {
    EXPECT_EQ(make("x86-64-v4", complete()).leaf(0xd, 1, 0, 0, 7).eax, 7u);
    const CpuidLeaf leaf = make("host", complete()).leaf(0xd, 1, 0, 0, 7);
    EXPECT_EQ(leaf.eax, 0xfu);
    EXPECT_EQ(leaf.ebx, 832u);  // of XCR0's components: IA32_XSS has none
    EXPECT_EQ(leaf.ecx, 0u);
    EXPECT_EQ(leaf.edx, 0u);
    CpuidPlatform without = complete();
    without.engine_has = [](Feature feature) { return feature != Feature::XSAVES; };
    EXPECT_EQ(make("host", without).leaf(0xd, 1, 0, 0, 7).eax, 7u);
}

TEST(CpuidModel, LevelFourIsRefusedByName) {
    CpuidPlatform platform = complete();
    platform.engine_has = [](Feature feature) { return feature != Feature::AVX512BW && feature != Feature::AVX512VL; };
    const auto v4 = CpuidModel::create("x86-64-v4", platform);
    ASSERT_FALSE(v4.ok());
    EXPECT_NE(v4.error().message().find("needs AVX512BW, AVX512VL, which"), std::string::npos) << v4.error().message();
    const CpuidModel host = make("host", platform);
    EXPECT_FALSE(host.has(Feature::AVX512F));  // level 4 as a whole or not at all
    EXPECT_FALSE(host.has(Feature::AVX512VBMI));
    EXPECT_EQ(host.supported_xcr0(), 7u);
}

TEST(CpuidModel, Avx512HasItsPlaceInXsaveAreas) {
    const CpuidModel v4 = make("x86-64-v4", complete());
    const CpuidLeaf main = v4.leaf(0xd, 0, 0, 0, 7);
    EXPECT_EQ(main.eax, 0xe7u);
    EXPECT_EQ(main.ebx, 832u);
    const CpuidLeaf last = v4.leaf(0xd, 7, 0, 0, 7);
    EXPECT_EQ(last.eax, 1024u);
    EXPECT_EQ(main.ecx, last.ebx + last.eax);
    EXPECT_EQ(v4.leaf(0xd, 0, 0, 0, 0xe7).ebx, main.ecx);
    EXPECT_EQ(v4.leaf(0xd, 1, 0, 0, 0xe7).ebx, 832u + 64 + 512 + 1024);  // compacted: nothing between
    EXPECT_EQ(v4.leaf(0xd, 5, 0, 0, 7).eax, 64u);
    EXPECT_EQ(v4.leaf(0xd, 6, 0, 0, 7).eax, 512u);
    EXPECT_EQ(v4.leaf(0xd, 3, 0, 0, 7).eax, 0u);
    EXPECT_EQ(make("x86-64-v3").leaf(0xd, 5, 0, 0, 7).eax, 0u);
}

TEST(CpuidModel, OsxsaveMirrorsCr4) {
    const CpuidModel v3 = make("x86-64-v3");
    EXPECT_EQ(v3.leaf(1, 0, 0, 0, kNoXcr0).ecx & (3u << 26), 1u << 26);
    EXPECT_EQ(v3.leaf(1, 0, 0, cr4::OSXSAVE, kNoXcr0).ecx & (3u << 26), 3u << 26);
}

TEST(CpuidModel, XsaveSizes) {
    const CpuidModel v3 = make("x86-64-v3");
    const CpuidLeaf main = v3.leaf(0xd, 0, 0, 0, xcr0::X87 | xcr0::SSE);
    EXPECT_EQ(main.eax, 7u);
    EXPECT_EQ(main.ebx, 576u);
    EXPECT_EQ(main.ecx, 832u);
    EXPECT_EQ(v3.leaf(0xd, 0, 0, 0, 7).ebx, 832u);
    EXPECT_EQ(v3.leaf(0xd, 1, 0, 0, 7).eax, 7u);  // XSAVEOPT XSAVEC XGETBV1
    EXPECT_EQ(v3.leaf(0xd, 2, 0, 0, 7).eax, 256u);
    EXPECT_EQ(v3.leaf(0xd, 2, 0, 0, 7).ebx, 576u);
    EXPECT_EQ(v3.leaf(0xd, 3, 0, 0, 7).eax, 0u);
}

TEST(CpuidModel, LongModeSizesAndInvariantTsc) {
    const CpuidModel v2 = make("x86-64-v2");
    const CpuidLeaf extended = v2.leaf(0x80000001, 0, 0, 0, kNoXcr0);
    EXPECT_EQ(extended.edx, 1u << 11 | 1u << 20 | 1u << 26 | 1u << 27 | 1u << 29);
    EXPECT_EQ(v2.leaf(0x80000007, 0, 0, 0, kNoXcr0).edx, 1u << 8);
    EXPECT_EQ(v2.leaf(0x80000008, 0, 0, 0, kNoXcr0).eax, 48u << 8 | 46);
}

TEST(CpuidModel, FrequenciesAgree) {
    const CpuidModel v2 = make("x86-64-v2");
    const CpuidLeaf leaf = v2.leaf(0x15, 0, 0, 0, kNoXcr0);
    EXPECT_EQ(static_cast<std::uint64_t>(leaf.ecx) * leaf.ebx / leaf.eax, 2'500'000'000u);
    EXPECT_EQ(v2.leaf(0x16, 0, 0, 0, kNoXcr0).eax, 2500u);
    EXPECT_EQ(make("x86-64-v2", {0, 1}).leaf(0x15, 0, 0, 0, kNoXcr0).eax, 0u);
}

TEST(CpuidModel, LeavesBeyondTheMaximumGiveTheLastBasicOne) {
    const CpuidModel v2 = make("x86-64-v2");
    EXPECT_EQ(v2.leaf(0x17, 0, 0, 0, kNoXcr0).eax, 2500u);
    EXPECT_EQ(v2.leaf(0x80000009, 0, 0, 0, kNoXcr0).eax, 2500u);
    EXPECT_EQ(v2.leaf(0x80860000, 0, 0, 0, kNoXcr0).eax, 2500u);
}

TEST(CpuidModel, Topology) {
    const CpuidModel model = make("x86-64-v2", {1000, 3});
    EXPECT_EQ(model.leaf(1, 0, 2, 0, kNoXcr0).ebx >> 24, 2u);
    EXPECT_EQ(model.leaf(1, 0, 2, 0, kNoXcr0).ebx >> 16 & 0xff, 4u);
    EXPECT_NE(model.leaf(1, 0, 2, 0, kNoXcr0).edx & (1u << 28), 0u);
    EXPECT_EQ(model.leaf(0xb, 0, 2, 0, kNoXcr0).ecx, 0x100u);
    EXPECT_EQ(model.leaf(0xb, 1, 2, 0, kNoXcr0).eax, 2u);
    EXPECT_EQ(model.leaf(0xb, 1, 2, 0, kNoXcr0).ebx, 3u);
    EXPECT_EQ(model.leaf(0xb, 1, 2, 0, kNoXcr0).edx, 2u);
    EXPECT_EQ(model.leaf(0xb, 2, 2, 0, kNoXcr0).ecx, 2u);
    EXPECT_EQ(model.leaf(4, 3, 0, 0, kNoXcr0).eax >> 26, 3u);
    EXPECT_EQ(model.leaf(4, 4, 0, 0, kNoXcr0).eax, 0u);
}

TEST(CpuidModel, Brand) {
    const CpuidModel model = make("x86-64-v3");
    std::string brand;
    for (std::uint32_t leaf = 0x80000002; leaf <= 0x80000004; ++leaf) {
        const CpuidLeaf part = model.leaf(leaf, 0, 0, 0, kNoXcr0);
        brand.append(reinterpret_cast<const char*>(&part), sizeof part);
    }
    EXPECT_STREQ(brand.c_str(), "Hospes x86-64-v3 virtual CPU");
}

}  // namespace
}  // namespace hospes::x86
