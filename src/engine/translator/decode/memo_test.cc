#include "engine/translator/decode/memo.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "engine/translator/decode/decoder.h"
#include "engine/translator/decode/head.h"

namespace hospes::translator {
namespace {

constexpr Mode kUserMode{Mode::kCode64 | Mode::kCpl3};

std::vector<std::uint8_t> own_code() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
    return {all.begin() + static_cast<std::ptrdiff_t>(all.size() / 8), all.end()};
}

// What a decoder that remembers makes of the bytes beside one that does not.
class Comparison {
  public:
    Comparison() : model_(x86::CpuidModel::create("x86-64-v3", {})), decoder_(model_.value()) {}

    // Length of the instruction; 0: none, or the two differ.
    unsigned run(const std::uint8_t* bytes) {
        Instruction plain{}, remembered{};
        const bool known = decoder_.decode({bytes, 15}, kUserMode, plain);
        std::span<Instruction> one(&remembered, 1);
        decoder_.decode_block({bytes, 15}, kUserMode, 0, 1, one);
        if (!known) return 0;
        // Padding too: both began as zeroes. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
        EXPECT_EQ(std::memcmp(&plain.info(), &remembered.info(), sizeof plain.info()), 0) << text(bytes);
        EXPECT_EQ(std::memcmp(plain.decoded.operands, remembered.decoded.operands,
                              plain.info().operand_count * sizeof plain.operand(0)),
                  0)
            << text(bytes);
        EXPECT_EQ(plain.decoded.admitted, remembered.decoded.admitted) << text(bytes);
        EXPECT_EQ(plain.kind, remembered.kind) << text(bytes);
        EXPECT_EQ(plain.memory, remembered.memory) << text(bytes);
        EXPECT_EQ(plain.access_size, remembered.access_size) << text(bytes);
        EXPECT_EQ(plain.reads_memory, remembered.reads_memory) << text(bytes);
        EXPECT_EQ(plain.writes_memory, remembered.writes_memory) << text(bytes);
        EXPECT_EQ(plain.high_byte, remembered.high_byte) << text(bytes);
        EXPECT_EQ(plain.flags_read, remembered.flags_read) << text(bytes);
        EXPECT_EQ(plain.flags_killed, remembered.flags_killed) << text(bytes);
        EXPECT_EQ(plain.flags_changed, remembered.flags_changed) << text(bytes);
        EXPECT_EQ(std::memcmp(plain.bytes, remembered.bytes, plain.length()), 0) << text(bytes);
        return ::testing::Test::HasFailure() ? 0 : plain.length();
    }

  private:
    static std::string text(const std::uint8_t* bytes) {
        std::string hex;
        for (unsigned i = 0; i < 15; ++i)
            hex += "0123456789abcdef"[bytes[i] >> 4], hex += "0123456789abcdef"[bytes[i] & 15];
        return hex;
    }

    Result<x86::CpuidModel> model_;
    Decoder decoder_;
};

// Real code, each instruction again with other data behind its head, and bytes at random.
TEST(DecodeMemo, RemembersWhatDecodingTells) {
    const std::vector<std::uint8_t> code = own_code();
    Comparison comparison;
    std::mt19937 random(1);
    unsigned decoded = 0, with_head = 0;
    for (std::size_t at = 0; at + 15 < code.size() && decoded < 60000 && !HasFailure();) {
        std::uint8_t bytes[15];
        std::memcpy(bytes, &code[at], sizeof bytes);
        const unsigned length = comparison.run(bytes);
        at += length == 0 ? 1 : length;
        decoded += length != 0;
        const unsigned head = head_length(bytes);
        with_head += head != 0;
        for (unsigned i = head; i < sizeof bytes; ++i) bytes[i] = static_cast<std::uint8_t>(random());
        comparison.run(bytes);
    }
    EXPECT_EQ(decoded, 60000u);
    EXPECT_GT(with_head, decoded / 2);
    for (unsigned i = 0; i < 200000 && !HasFailure(); ++i) {
        std::uint8_t bytes[15];
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
        comparison.run(bytes);
        comparison.run(bytes);
    }
}

}  // namespace
}  // namespace hospes::translator
