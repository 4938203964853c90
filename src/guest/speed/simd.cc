#include <array>
#include <cstring>

#include "guest/speed/kernels.h"

namespace hospes::guest::speed {

namespace {

constexpr std::size_t kBytes = 256 << 10;
constexpr unsigned kPasses = 40;

using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Words = std::uint16_t __attribute__((vector_size(16)));
using DoubleWords = std::int32_t __attribute__((vector_size(16)));

using Image = std::array<std::uint8_t, kBytes + sizeof(Bytes)>;

// A clip on bytes, a weighted blend on words, absolute differences on double words.
void pass(Image& to, const Image& from, unsigned number) {
    const Bytes limit = Bytes{} + static_cast<std::uint8_t>(128 + (number & 63));
    const Words weight = Words{} + static_cast<std::uint16_t>(number & 7);
    for (std::size_t i = 0; i < kBytes; i += sizeof(Bytes)) {
        Bytes here, beside;
        std::memcpy(&here, &from[i], sizeof here);
        std::memcpy(&beside, &from[i + 3], sizeof beside);
        const Bytes over = reinterpret_cast<Bytes>(here > limit);
        const Bytes clipped = (limit & over) | (here & ~over);
        const Words blended = (reinterpret_cast<Words>(clipped) * weight + reinterpret_cast<Words>(beside) * 3) >> 2;
        DoubleWords difference = reinterpret_cast<DoubleWords>(blended) - reinterpret_cast<DoubleWords>(here);
        const DoubleWords sign = difference < 0;
        difference = (difference ^ sign) - sign;
        std::memcpy(&to[i], &difference, sizeof difference);
    }
}

}  // namespace

std::uint64_t simd_unit() {
    static std::array<Image, 2> images;
    std::uint64_t state = 10;
    for (std::size_t i = 0; i < kBytes; i += sizeof state) {
        const std::uint64_t random = next_random(state);
        std::memcpy(&images[0][i], &random, sizeof random);
    }
    for (unsigned number = 0; number < kPasses; ++number) pass(images[~number & 1], images[number & 1], number);
    std::uint64_t checksum = 0;
    for (std::size_t i = 0; i < kBytes; i += 61) checksum = fold(checksum, images[kPasses & 1][i]);
    return checksum;
}

}  // namespace hospes::guest::speed
