#include <sys/mman.h>

#include <cstdlib>

#include "guest/speed/kernels.h"

namespace hospes::guest::speed {

namespace {

struct Line {
    std::uint64_t next;
    std::uint64_t value;
    std::uint64_t rest[6];
};
static_assert(sizeof(Line) == 64);

constexpr std::size_t kLines = (32 << 20) / sizeof(Line);
constexpr std::size_t kStreamed = kLines / 16;
// More lines than the caches next to the core hold, on more pages than its TLB.
constexpr unsigned kSteps = 20000;
constexpr unsigned kUpdates = 5000;

// One cycle through all lines, in an order that no prefetcher follows: a full-period linear congruential sequence.
Line* make_lines() {
    void* place = ::mmap(nullptr, kLines * sizeof(Line), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (place == MAP_FAILED) std::abort();
    Line* lines = static_cast<Line*>(place);
    for (std::uint64_t i = 0; i < kLines; ++i) lines[i].next = (i * 1664525 + 1013904223) % kLines;
    return lines;
}

}  // namespace

std::uint64_t mem_unit() {
    static Line* const lines = make_lines();
    std::uint64_t checksum = 0;
    std::uint64_t at = 1;
    for (unsigned step = 0; step < kSteps; ++step) at = lines[at].next;
    checksum = fold(checksum, at);
    std::uint64_t state = 16;
    for (unsigned step = 0; step < kUpdates; ++step) lines[next_random(state) % kLines].value ^= state;
    for (std::size_t i = 0; i < kStreamed; ++i) {
        checksum += lines[i].value + lines[i].rest[0];
        lines[i].rest[1] = checksum;
    }
    // Undone, so that each unit finds what the first one found.
    state = 16;
    for (unsigned step = 0; step < kUpdates; ++step) lines[next_random(state) % kLines].value ^= state;
    return fold(checksum, at);
}

}  // namespace hospes::guest::speed
