// What the vCPUs of one VM tell each other of RAM pages: who has code from a page, and who may write to it without
// looking here first. Atomic, and all that their code caches and soft TLBs share. How it is used: runtime/coherence.cc.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/reserved_array.h"

namespace hospes::translator {

inline constexpr unsigned kMaxVcpus = 64;

// Sets of vCPUs, by number.
using VcpuSet = std::uint64_t;
inline constexpr VcpuSet kAllVcpus = ~0ull;
[[gnu::always_inline]] inline VcpuSet only(unsigned vcpu) { return 1ull << vcpu; }

// Sets of a page's 64-byte lines.
using LineSet = std::uint64_t;
inline constexpr unsigned kLineBits = kPageBits - 6;
// The lines of [offset, offset + size), which lies in one page and is not empty.
[[gnu::always_inline]] inline LineSet lines_at(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t first = (offset & kPageMask) >> kLineBits;
    const std::uint64_t last = ((offset & kPageMask) + size - 1) >> kLineBits;
    return ~0ull << first & ~0ull >> (63 - last);
}

class PageStates {
  public:
    static Result<PageStates> create(std::uint64_t pages) {
        return PageStates(HOSPES_TRY(ReservedArray<State>::create(pages)));
    }

    // vCPUs that have blocks made from `page`, and perhaps others.
    [[gnu::always_inline]] VcpuSet code(std::uint64_t page) const { return load(states_[page].code); }
    // Lines that those blocks were made from, and perhaps others.
    [[gnu::always_inline]] LineSet lines(std::uint64_t page) const { return load(states_[page].lines); }
    // vCPUs that may have write entries for `page`, or a store to it on its way.
    [[gnu::always_inline]] VcpuSet writers(std::uint64_t page) const { return load(states_[page].writers); }

    // Each adding is ordered before what its caller reads next (a full barrier).
    [[gnu::always_inline]] void add_code(std::uint64_t page, unsigned vcpu, LineSet lines) {
        __atomic_fetch_or(&states_[page].code, only(vcpu), __ATOMIC_SEQ_CST);
        __atomic_fetch_or(&states_[page].lines, lines, __ATOMIC_SEQ_CST);
    }
    [[gnu::always_inline]] void add_writer(std::uint64_t page, unsigned vcpu) {
        if ((writers(page) & only(vcpu)) != 0) return;
        __atomic_fetch_or(&states_[page].writers, only(vcpu), __ATOMIC_SEQ_CST);
    }

    [[gnu::always_inline]] void remove_code(std::uint64_t page, unsigned vcpu) {
        __atomic_fetch_and(&states_[page].code, ~only(vcpu), __ATOMIC_SEQ_CST);
    }
    [[gnu::always_inline]] void remove_writer(std::uint64_t page, unsigned vcpu) {
        __atomic_fetch_and(&states_[page].writers, ~only(vcpu), __ATOMIC_SEQ_CST);
    }
    // Forgets lines but `lines`.
    [[gnu::always_inline]] void keep_lines(std::uint64_t page, LineSet lines) {
        __atomic_fetch_and(&states_[page].lines, lines, __ATOMIC_SEQ_CST);
    }

  private:
    struct State {
        VcpuSet code;
        LineSet lines;
        VcpuSet writers;
    };

    explicit PageStates(ReservedArray<State> states) : states_(std::move(states)) {}

    [[gnu::always_inline]] static std::uint64_t load(const std::uint64_t& word) {
        return __atomic_load_n(&word, __ATOMIC_SEQ_CST);
    }

    ReservedArray<State> states_;
};

}  // namespace hospes::translator
