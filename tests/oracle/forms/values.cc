#include "forms/values.h"

#include <cstring>

namespace hospes::oracle {

namespace {

constexpr std::uint32_t kFloats[] = {0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                     0x7fc00000, 0x7f800001, 0xffc12345, 0x00000001, 0x807fffff, 0x00800000,
                                     0x7f7fffff, 0x40490fdb, 0x4f000000, 0xcf000000, 0x5f000000, 0x3f000000,
                                     0x4b000001, 0xc1200000, 0x42f6e979, 0x3eaaaaab};

constexpr std::uint64_t kDoubles[] = {0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
                                      0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
                                      0x0000000000000001, 0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
                                      0x400921fb54442d18, 0x41e0000000000000, 0xc1e0000000200000, 0x43e0000000000000,
                                      0xc3e0000000000000, 0x3fe0000000000000, 0x4330000000000001, 0xc024000000000000};

template <typename T, std::size_t n>
T pick(Random& random, const T (&values)[n]) {
    return values[random.below(n)];
}

// A single or double near 1, where sums and products stay finite.
std::uint32_t tame_float(Random& random) {
    return (random.byte() & 0x80u) << 24 | static_cast<std::uint32_t>(random.between(120, 134)) << 23 |
           random.below(1u << 23);
}

std::uint64_t tame_double(Random& random) {
    return (random.next() & 0x800fffffffffffff) | static_cast<std::uint64_t>(random.between(1013, 1033)) << 52;
}

void random_extended(Random& random, std::uint8_t* bytes) {
    std::uint64_t mantissa = random.next() | 1ull << 63;
    std::uint16_t exponent = static_cast<std::uint16_t>(random.between(16383 - 12, 16383 + 12));
    switch (random.below(10)) {
        case 0:
            mantissa = 0;
            exponent = 0;
            break;
        case 1:
            exponent = 0x7fff;
            mantissa = random.one_in(2) ? 1ull << 63 : mantissa;
            break;
        case 2:
            exponent = 0;
            mantissa &= ~(1ull << 63);
            break;
        case 3: mantissa = random_integer(random); break;  // unnormals, which no arithmetic makes
        case 4: mantissa = 1ull << 63; break;
        case 5: exponent = static_cast<std::uint16_t>(random.below(0x8000)); break;
        default: break;
    }
    if (random.one_in(2)) exponent |= 0x8000;
    std::memcpy(bytes, &mantissa, 8);
    std::memcpy(bytes + 8, &exponent, 2);
}

void random_x87(Random& random, CpuImage& state) {
    state.fcw = static_cast<std::uint16_t>(0x7f | (random.one_in(2) ? 0x300 : random.below(4) << 8) |
                                           (random.one_in(2) ? 0 : random.below(4) << 10));
    if (random.one_in(6)) state.fcw = static_cast<std::uint16_t>(state.fcw & ~random.below(64));
    state.fsw = static_cast<std::uint16_t>((random.next() & 0x4700) | (random.one_in(2) ? 0 : random.below(8) << 11));
    if (random.one_in(4)) state.fsw = static_cast<std::uint16_t>(state.fsw | random.below(64));
    const bool pending = (state.fsw & ~state.fcw & 0x3f) != 0;
    if (pending) state.fsw |= 0x8080;
    state.ftw = random.one_in(2) ? 0xff : random.byte();
}

void random_mxcsr(Random& random, CpuImage& state) {
    state.mxcsr = 0x1f80 | (random.one_in(2) ? 0 : random.below(4) << 13) | (random.one_in(4) ? 0x8000u : 0) |
                  (random.one_in(4) ? 0x40u : 0) | (random.one_in(4) ? random.below(64) : 0);
    if (random.one_in(6)) state.mxcsr &= ~(random.below(64) << 7);
}

// A mask of few or many lanes, whatever their number: 2 to 64.
std::uint64_t random_mask(Random& random) {
    const unsigned lanes = 1u << (1 + random.below(6));
    switch (random.below(6)) {
        case 0: return 0;
        case 1: return ~0ull;
        case 2: return 1ull << random.below(lanes);
        case 3: return (1ull << random.below(lanes)) - 1;
        case 4: return ~((1ull << random.below(lanes)) - 1);
        default: return random.next();
    }
}

}  // namespace

std::uint64_t random_integer(Random& random) {
    static constexpr std::uint64_t kEdges[] = {0,
                                               1,
                                               2,
                                               0x7f,
                                               0x80,
                                               0xff,
                                               0x7fff,
                                               0x8000,
                                               0xffff,
                                               0x7fffffff,
                                               0x80000000,
                                               0xffffffff,
                                               0x7fffffffffffffff,
                                               0x8000000000000000,
                                               ~0ull};
    switch (random.below(6)) {
        case 0: return pick(random, kEdges);
        case 1: return random.below(256);
        case 2: return ~static_cast<std::uint64_t>(random.below(256));
        case 3: return random.next() >> 32;
        default: return random.next();
    }
}

void random_data(Random& random, std::uint8_t* bytes, unsigned length) {
    const unsigned style = random.below(8);
    for (unsigned at = 0; at < length; at += 8) {
        std::uint64_t value = 0;
        switch (style) {
            case 0: value = pick(random, kDoubles); break;
            case 1:
            case 2: value = random.one_in(6) ? pick(random, kDoubles) : tame_double(random); break;
            case 3: value = static_cast<std::uint64_t>(pick(random, kFloats)) << 32 | pick(random, kFloats); break;
            case 4: value = static_cast<std::uint64_t>(tame_float(random)) << 32 | tame_float(random); break;
            case 5: value = random_integer(random); break;
            case 6: value = random.next() & 0x8f8f8f8f8f8f8f8f; break;  // shuffle controls and masks
            default: value = random.next(); break;
        }
        std::memcpy(bytes + at, &value, length - at < 8 ? length - at : 8);
    }
}

void random_state(Random& random, FpuMood mood, CpuImage& state) {
    state = CpuImage{};
    for (std::uint64_t& value : state.gpr) value = random_integer(random);
    state.gpr[4] = kPageS1 + (random.below(400) + 32) * 8 + (random.one_in(8) ? random.below(8) : 0);
    state.rflags = 0x202 | (random.next() & 0x8d5) | (random.one_in(4) ? 0x400 : 0);
    state.fcw = 0x37f;
    state.mxcsr = 0x1f80;
    if (mood == FpuMood::X87) random_x87(random, state);
    if (mood == FpuMood::Sse) random_mxcsr(random, state);
    for (auto& st : state.st) random_extended(random, st);
    const unsigned vectors = has_avx512 ? 32 : 16, size = has_avx512 ? 64 : 32;
    for (unsigned i = 0; i < vectors; ++i) random_data(random, state.vector[i], size);
    for (unsigned i = 0; has_avx512 && i < 8; ++i) state.mask[i] = random_mask(random);
}

void random_image(Random& random, std::uint8_t* image) {
    for (unsigned at = 0; at < kImageSize; at += 32) random_data(random, image + at, 32);
}

}  // namespace hospes::oracle
