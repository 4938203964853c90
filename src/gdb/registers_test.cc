#include "gdb/registers.h"

#include <gtest/gtest.h>

#include "gdb/hex.h"

namespace hospes::gdb {
namespace {

// Of a CPU with AVX-512, its XSAVE areas as Intel's.
const Registers& registers() {
    static const Registers all(x86::xcr0::X87 | x86::xcr0::SSE | x86::xcr0::AVX | x86::xcr0::kAvx512, {});
    return all;
}

std::size_t number_of(const std::string& name) {
    const std::string& xml = registers().description();
    const std::size_t end = xml.find("<reg name=\"" + name + "\"");
    std::size_t number = 0;
    for (std::size_t at = xml.find("<reg "); at < end; at = xml.find("<reg ", at + 1)) ++number;
    return number;
}

std::string read(const cpu::VcpuState& state, const std::string& name) {
    std::string text;
    registers().append(text, state, number_of(name));
    return text;
}

TEST(Registers, AreTheOnesThatTheDescriptionNames) {
    EXPECT_EQ(number_of("rip"), 16u);  // as GDB counts them without a description
    EXPECT_EQ(number_of("st0"), 24u);
    EXPECT_EQ(number_of("xmm0"), 40u);
    EXPECT_EQ(number_of("efer") + 1, registers().count());
    EXPECT_FALSE(registers().size(registers().count()).has_value());
}

TEST(Registers, AreReadWhereTheyAre) {
    cpu::VcpuState state = cpu::initial_state();
    state.gpr[x86::RSP] = 0x1122334455667788;
    state.segments[x86::GS].base = 0xffff888000000000;
    state.cr3 = 0x1000;
    EXPECT_EQ(read(state, "rsp"), "8877665544332211");
    EXPECT_EQ(read(state, "gs_base"), "000000008088ffff");
    EXPECT_EQ(read(state, "cr3"), "0010000000000000");
}

TEST(Registers, OfStateThatWasNeverUsedAreTheInitialOnes) {
    cpu::VcpuState state;
    state.xsave.fill(0xaa);
    state.xsave[512] = 0;
    EXPECT_EQ(read(state, "fctrl"), "7f030000");
    EXPECT_EQ(read(state, "ftag"), "ffff0000");
    EXPECT_EQ(read(state, "mxcsr"), "801f0000");
    EXPECT_EQ(read(state, "xmm3"), std::string(32, '0'));
}

TEST(Registers, AreSetAndTheirNeighboursStay) {
    cpu::VcpuState state;
    state.xsave.fill(0xaa);
    state.xsave[512] = 0;
    const auto bytes = bytes_of("00112233445566778899aabbccddeeff");
    registers().set(state, number_of("xmm1"), *bytes);
    EXPECT_EQ(read(state, "xmm1"), "00112233445566778899aabbccddeeff");
    EXPECT_EQ(read(state, "xmm2"), std::string(32, '0'));
    EXPECT_EQ(read(state, "mxcsr"), "801f0000");
    EXPECT_EQ(state.xsave[512], x86::xcr0::SSE);
}

TEST(Registers, OfVectorsAreInPartsThatGdbPutsTogether) {
    cpu::VcpuState state;
    state.xsave.fill(0xaa);
    state.xsave[512] = 0;
    const std::string half = "00112233445566778899aabbccddeeff";
    EXPECT_EQ(read(state, "k7"), std::string(16, '0'));
    EXPECT_EQ(read(state, "zmm31h"), std::string(64, '0'));
    registers().set(state, number_of("ymm15h"), *bytes_of(half));
    registers().set(state, number_of("k3"), *bytes_of("0011223344556677"));
    registers().set(state, number_of("zmm1h"), *bytes_of(half + half));
    registers().set(state, number_of("ymm17h"), *bytes_of(half));
    EXPECT_EQ(state.xsave[512], x86::xcr0::AVX | x86::xcr0::kAvx512);
    EXPECT_EQ(read(state, "ymm15h"), half);
    EXPECT_EQ(read(state, "k3"), "0011223344556677");
    EXPECT_EQ(read(state, "zmm1h"), half + half);
    EXPECT_EQ(read(state, "ymm17h"), half);
    EXPECT_EQ(state.xsave[576 + 15 * 16 + 1], 0x11);
    EXPECT_EQ(state.xsave[1088 + 3 * 8 + 1], 0x11);
    EXPECT_EQ(state.xsave[1152 + 32 + 16 + 1], 0x11);
    EXPECT_EQ(state.xsave[1664 + 64 + 16 + 1], 0x11);
    for (const char* name : {"ymm0h", "k2", "zmm0h", "zmm2h", "xmm17", "zmm17h", "xmm18", "xmm0"}) {
        EXPECT_EQ(read(state, name).find_first_not_of('0'), std::string::npos) << name;
    }
}

TEST(Registers, FollowWhatTheProcessorHas) {
    const Registers sse(x86::xcr0::X87 | x86::xcr0::SSE, {});
    EXPECT_EQ(sse.description().find("ymm0h"), std::string::npos);
    const Registers avx(x86::xcr0::X87 | x86::xcr0::SSE | x86::xcr0::AVX, {});
    EXPECT_NE(avx.description().find("ymm0h"), std::string::npos);
    EXPECT_EQ(avx.description().find("zmm0h"), std::string::npos);
    EXPECT_EQ(avx.count(), sse.count() + 16);
    EXPECT_EQ(registers().count(), avx.count() + 32 + 8 + 32);
}

TEST(Registers, WhatIsTheModeOfTheProcessorStays) {
    cpu::VcpuState state = cpu::initial_state();
    const cpu::VcpuState before = state;
    const auto ones = bytes_of("ffffffffffffffff");
    for (const char* name : {"cr0", "cr3", "cr4", "efer"}) registers().set(state, number_of(name), *ones);
    registers().set(state, number_of("cs"), *bytes_of("ffff0000"));
    registers().set(state, number_of("eflags"), *bytes_of("ffffffff"));
    EXPECT_EQ(state.cr0, before.cr0);
    EXPECT_EQ(state.cr4, before.cr4);
    EXPECT_EQ(state.efer, before.efer);
    EXPECT_EQ(state.segments[x86::CS].selector, before.segments[x86::CS].selector);
    EXPECT_EQ(state.rflags & x86::rflags::VM, 0u);
    EXPECT_NE(state.rflags & x86::rflags::CF, 0u);
}

}  // namespace
}  // namespace hospes::gdb
