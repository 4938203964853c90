#include "engine/translator/decode/lanes.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/translator/decode/decoder.h"

namespace hospes::translator {
namespace {

using Bytes = std::vector<std::uint8_t>;

// An instruction with a memory operand, a mask, and the bytes of the operand that are accessed under it.
struct Case {
    const char* text;
    Bytes code;
    std::uint64_t mask;
    std::uint64_t bytes;
    bool suppresses = true;
};

const Case kCases[] = {
    {"vmovdqu32 zmm1{k1}, [rax]", {0x62, 0xf1, 0x7e, 0x49, 0x6f, 0x08}, 0x8001, 0xf00000000000000f},
    {"vmovdqu8 xmm1{k1}, [rax]", {0x62, 0xf1, 0x7f, 0x09, 0x6f, 0x08}, 0xffff0005, 0x5},
    {"vaddps zmm1{k1}, zmm2, [rax]{1to16}", {0x62, 0xf1, 0x6c, 0x59, 0x58, 0x08}, 0x8000, 0xf},
    {"vaddps zmm1{k1}, zmm2, [rax]{1to16}", {0x62, 0xf1, 0x6c, 0x59, 0x58, 0x08}, 0x10000, 0},
    {"vbroadcastf32x4 zmm1{k1}, [rax]", {0x62, 0xf2, 0x7d, 0x49, 0x1a, 0x08}, 0x20, 0xf0},
    {"vaddsd xmm1{k1}, xmm2, [rax]", {0x62, 0xf1, 0xef, 0x09, 0x58, 0x08}, 0x3, 0xff},
    {"vaddsd xmm1{k1}, xmm2, [rax]", {0x62, 0xf1, 0xef, 0x09, 0x58, 0x08}, 0x2, 0},
    {"vpcompressd [rax]{k1}, zmm2", {0x62, 0xf2, 0x7d, 0x49, 0x8b, 0x10}, 0x8420, 0xfff},
    {"vpmovqb [rax]{k1}, zmm2", {0x62, 0xf2, 0x7e, 0x49, 0x32, 0x10}, 0x181, 0x81},
    {"vpermd zmm1{k1}, zmm2, [rax]", {0x62, 0xf2, 0x6d, 0x49, 0x36, 0x08}, 0x1, 0xf, false},
    {"vgf2p8affineqb zmm1{k1}, zmm2, [rax], 0", {0x62, 0xf3, 0xed, 0x49, 0xce, 0x08, 0x00}, 0x1, 0xff, false},
};

x86::CpuidModel all_features() {
    x86::CpuidPlatform platform;
    platform.engine_has = [](x86::Feature) { return true; };
    return x86::CpuidModel::create("host", platform).take();
}

TEST(Lanes, SayWhichBytesAreAccessed) {
    const x86::CpuidModel model = all_features();
    const Decoder decoder(model);
    for (const Case& test : kCases) {
        SCOPED_TRACE(test.text);
        Bytes padded = test.code;
        padded.resize(15, 0x90);
        Instruction in;
        ASSERT_TRUE(decoder.decode({padded.data(), padded.size()}, Mode{Mode::kCode64 | Mode::kCpl0}, in));
        ASSERT_EQ(in.length(), test.code.size());
        ASSERT_EQ(in.kind, Kind::Plain);
        EXPECT_EQ(suppresses_faults(in.info()), test.suppresses);
        const Lanes lanes = lanes_of(in);
        EXPECT_EQ(lanes.mask, 1);
        if (test.suppresses) {
            EXPECT_EQ(lanes.bytes(in.access_size, test.mask), test.bytes);
        }
    }
}

}  // namespace
}  // namespace hospes::translator
