#include "engine/translator/emit/reencode.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/translator/decode/decoder.h"

namespace hospes::translator {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr Mode kMode64{Mode::kCode64 | Mode::kCpl0};
constexpr Mode kMode32{Mode::kCode32 | Mode::kStack32 | Mode::kCpl0};

// An instruction; what is put in the places of its registers and its memory operand; what must come out.
struct Case {
    const char* name;
    Mode mode;
    Bytes from;
    Substitution with;
    Bytes to;
};

Substitution none() { return {}; }
Substitution reg_rm(HostReg reg, HostReg rm) {
    Substitution with;
    with.reg = reg;
    with.rm = rm;
    return with;
}
Substitution opcode(HostReg reg) {
    Substitution with;
    with.opcode = reg;
    return with;
}
Substitution memory(const HostMem& mem, HostReg reg = kNoReg, HostReg vvvv = kNoReg) {
    Substitution with;
    with.has_memory = true;
    with.memory = mem;
    with.reg = reg;
    with.vvvv = vvvv;
    return with;
}

const HostMem kPageOperand = at(kT0, kT1, 0, 0);

const Case kCases[] = {
    {"add_reg_keeps", kMode64, {0x48, 0x01, 0xd8}, none(), {0x48, 0x01, 0xd8}},
    {"add_displaced", kMode64, {0x4d, 0x01, 0xd1}, reg_rm(kT0, kT2), {0x4d, 0x01, 0xd9}},
    {"bare_rex_makes_sil", kMode64, {0x40, 0x88, 0xf0}, none(), {0x40, 0x88, 0xf0}},
    {"high_byte_without_rex", kMode64, {0x88, 0xe0}, none(), {0x88, 0xe0}},
    {"ignored_rex_goes", kMode64, {0x48, 0x66, 0x89, 0xc8}, none(), {0x66, 0x89, 0xc8}},
    {"ignored_prefix_goes", kMode64, {0xf3, 0xf2, 0x66, 0x0f, 0x10, 0xc1}, none(), {0xf2, 0x66, 0x0f, 0x10, 0xc1}},
    {"segment_and_address_size_go", kMode64, {0x64, 0x67, 0x8b, 0x03}, memory(kPageOperand), {0x43, 0x8b, 0x04, 0x13}},
    {"lock_stays", kMode64, {0xf0, 0x48, 0x0f, 0xb1, 0x0b}, memory(kPageOperand), {0xf0, 0x4b, 0x0f, 0xb1, 0x0c, 0x13}},
    {"rip_relative_with_immediate",
     kMode64,
     {0x81, 0x05, 1, 2, 3, 4, 5, 6, 7, 8},
     memory(kPageOperand),
     {0x43, 0x81, 0x04, 0x13, 5, 6, 7, 8}},
    {"mov_imm64", kMode64, {0x49, 0xb9, 1, 2, 3, 4, 5, 6, 7, 8}, opcode(kT0), {0x49, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8}},
    {"xchg_is_not_nop", kMode64, {0x49, 0x91}, opcode(kT2), {0x49, 0x91}},
    {"moffs64", kMode64, {0x48, 0xa1, 1, 2, 3, 4, 5, 6, 7, 8}, memory(kPageOperand), {0x4b, 0x8b, 0x04, 0x13}},
    {"moffs32", kMode32, {0xa2, 1, 2, 3, 4}, memory(kPageOperand), {0x43, 0x88, 0x04, 0x13}},
    {"inc_short_form", kMode32, {0x44}, opcode(kGuestRsp), {0x41, 0xff, 0xc7}},
    {"dec_short_form_16", kMode32, {0x66, 0x48}, none(), {0x66, 0xff, 0xc8}},
    {"opcode_82", kMode32, {0x82, 0xc1, 0x05}, none(), {0x80, 0xc1, 0x05}},
    {"vex2_to_vex3", kMode64, {0xc5, 0xf8, 0x58, 0x03}, memory(kPageOperand), {0xc4, 0x81, 0x78, 0x58, 0x04, 0x13}},
    {"andn_operands",
     kMode64,
     {0xc4, 0x62, 0xa8, 0xf2, 0x0b},
     memory(at(x86::RBX), kT0, kT2),
     {0xc4, 0x62, 0xb0, 0xf2, 0x1b}},
    {"vex_w_in_32_bit_code", kMode32, {0xc4, 0xe2, 0xe0, 0xf2, 0xc1}, none(), {0xc4, 0xe2, 0x60, 0xf2, 0xc1}},
    {"is4_in_32_bit_code", kMode32, {0xc4, 0xe3, 0x71, 0x4a, 0xc2, 0xb0}, none(), {0xc4, 0xe3, 0x71, 0x4a, 0xc2, 0x30}},
    {"evex_memory_disp8_is_dropped",  // vaddps zmm17{k1}, zmm2, [rbx + 64]
     kMode64,
     {0x62, 0xe1, 0x6c, 0x49, 0x58, 0x4b, 0x01},
     memory(kPageOperand),
     {0x62, 0x81, 0x6c, 0x49, 0x58, 0x0c, 0x13}},
    {"evex_disp_is_long",  // the same to [rbx + r10 + 0x40]: a byte would be scaled
     kMode64,
     {0x62, 0xf1, 0x6c, 0x48, 0x58, 0x0b},
     memory(at(x86::RBX, kT1, 0, 0x40)),
     {0x62, 0xb1, 0x6c, 0x48, 0x58, 0x8c, 0x13, 0x40, 0x00, 0x00, 0x00}},
    {"evex_gpr_operand",  // vcvtsd2si r15, xmm20
     kMode64,
     {0x62, 0x31, 0xff, 0x08, 0x2d, 0xfc},
     reg_rm(kT2, kNoReg),
     {0x62, 0x31, 0xff, 0x08, 0x2d, 0xcc}},
    {"evex_keeps_high_registers",  // vaddps zmm31{k7}{z}, zmm16, zmm24, with embedded rounding
     kMode64,
     {0x62, 0x01, 0x7c, 0xf7, 0x58, 0xf8},
     none(),
     {0x62, 0x01, 0x7c, 0xf7, 0x58, 0xf8}},
    {"evex_w_in_32_bit_code",
     kMode32,
     {0x62, 0xf1, 0xfd, 0x08, 0x6e, 0xc8},
     none(),
     {0x62, 0xf1, 0x7d, 0x08, 0x6e, 0xc8}},
    {"kmov_displaced", kMode64, {0xc4, 0xc1, 0xfb, 0x92, 0xcf}, reg_rm(kNoReg, kT2), {0xc4, 0xc1, 0xfb, 0x92, 0xc9}},
    {"crc32_16", kMode64, {0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xc1}, none(), {0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xc1}},
};

TEST(Reencode, WritesTheSameInstructionWithOtherOperands) {
    auto model = x86::CpuidModel::create("host", {});
    ASSERT_TRUE(model.ok());
    const Decoder decoder(model.value());
    for (const Case& test : kCases) {
        SCOPED_TRACE(test.name);
        Bytes padded = test.from;
        padded.resize(15, 0x90);
        Instruction in;
        decoder.decode({padded.data(), padded.size()}, test.mode, in);
        if (!in.decoded.admitted) continue;  // this host does not have it
        ASSERT_EQ(in.length(), test.from.size());
        std::uint8_t out[32];
        Assembler assembler(out, 0);
        reencode(assembler, in, test.with);
        EXPECT_EQ(Bytes(out, assembler.cursor()), test.to);
    }
}

}  // namespace
}  // namespace hospes::translator
