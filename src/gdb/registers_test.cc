#include "gdb/registers.h"

#include <gtest/gtest.h>

#include "gdb/hex.h"

namespace hospes::gdb {
namespace {

std::size_t number_of(const std::string& name) {
    const std::string& xml = target_description();
    const std::size_t end = xml.find("<reg name=\"" + name + "\"");
    std::size_t number = 0;
    for (std::size_t at = xml.find("<reg "); at < end; at = xml.find("<reg ", at + 1)) ++number;
    return number;
}

std::string read(const cpu::VcpuState& state, const std::string& name) {
    std::string text;
    append_register(text, state, number_of(name));
    return text;
}

TEST(Registers, AreTheOnesThatTheDescriptionNames) {
    EXPECT_EQ(number_of("rip"), 16u);  // as GDB counts them without a description
    EXPECT_EQ(number_of("st0"), 24u);
    EXPECT_EQ(number_of("xmm0"), 40u);
    EXPECT_EQ(number_of("efer") + 1, register_count());
    EXPECT_FALSE(register_size(register_count()).has_value());
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
    set_register(state, number_of("xmm1"), *bytes);
    EXPECT_EQ(read(state, "xmm1"), "00112233445566778899aabbccddeeff");
    EXPECT_EQ(read(state, "xmm2"), std::string(32, '0'));
    EXPECT_EQ(read(state, "mxcsr"), "801f0000");
    EXPECT_EQ(state.xsave[512], x86::xcr0::SSE);
}

TEST(Registers, WhatIsTheModeOfTheProcessorStays) {
    cpu::VcpuState state = cpu::initial_state();
    const cpu::VcpuState before = state;
    const auto ones = bytes_of("ffffffffffffffff");
    for (const char* name : {"cr0", "cr3", "cr4", "efer"}) set_register(state, number_of(name), *ones);
    set_register(state, number_of("cs"), *bytes_of("ffff0000"));
    set_register(state, number_of("eflags"), *bytes_of("ffffffff"));
    EXPECT_EQ(state.cr0, before.cr0);
    EXPECT_EQ(state.cr4, before.cr4);
    EXPECT_EQ(state.efer, before.efer);
    EXPECT_EQ(state.segments[x86::CS].selector, before.segments[x86::CS].selector);
    EXPECT_EQ(state.rflags & x86::rflags::VM, 0u);
    EXPECT_NE(state.rflags & x86::rflags::CF, 0u);
}

}  // namespace
}  // namespace hospes::gdb
