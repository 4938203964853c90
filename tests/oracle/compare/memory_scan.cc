#include "compare/memory_scan.h"

namespace hospes::oracle {

void apply_patches(const Case& test, DataPages pages) {
    for (unsigned i = 0; i < test.patch_count; ++i) {
        const Patch& patch = test.patches[i];
        for (std::uint32_t b = 0; b < patch.length; ++b) {
            const std::uint32_t at = patch.offset + b;
            if (at < kImageSize) pages[at >> kPageBits][at & kPageMask] = patch.bytes[b];
        }
    }
}

namespace {

constexpr unsigned kWordsPerPage = kPageSize / 8;
constexpr unsigned kStride = 16;  // words looked at together: one compare in nearly all cases

void note(Outcome& outcome, std::uint32_t index, std::uint64_t value) {
    if (outcome.changed < kMaxWords) outcome.words[outcome.changed] = {index, value};
    ++outcome.changed;
    outcome.memory_hash = (outcome.memory_hash ^ index) * 0x9e3779b97f4a7c15;
    outcome.memory_hash = (outcome.memory_hash ^ value) * 0xff51afd7ed558ccd;
}

}  // namespace

void collect_changes(const Case& test, const std::uint8_t* image, DataPages pages, Outcome& outcome) {
    for (std::uint32_t i = 0; i < test.ignored.length; ++i) {
        const std::uint32_t at = test.ignored.offset + i;
        if (at < kImageSize) pages[at >> kPageBits][at & kPageMask] = image[at];
    }
    outcome.changed = 0;
    outcome.memory_hash = 0;
    for (unsigned page = 0; page < kDataPageCount; ++page) {
        auto* now = reinterpret_cast<std::uint64_t*>(pages[page]);
        const auto* before = reinterpret_cast<const std::uint64_t*>(image + page * kPageSize);
        for (unsigned start = 0; start < kWordsPerPage; start += kStride) {
            std::uint64_t differs = 0;
            for (unsigned i = start; i < start + kStride; ++i) differs |= now[i] ^ before[i];
            if (differs == 0) continue;
            for (unsigned i = start; i < start + kStride; ++i) {
                if (now[i] == before[i]) continue;
                note(outcome, page * kWordsPerPage + i, now[i]);
                now[i] = before[i];
            }
        }
    }
}

}  // namespace hospes::oracle
