// A bit for each page of guest RAM, for any thread at any time. Hot code may use it.
#pragma once

#include <cstdint>

#include "base/reserved_array.h"

namespace hospes::memory {

class PageBits {
  public:
    // All clear. Errors: no address space.
    static Result<PageBits> create(std::uint64_t pages) {
        return PageBits(HOSPES_TRY(ReservedArray<std::uint64_t>::create(pages / 64 + 1)));
    }

    [[gnu::always_inline]] bool holds(std::uint64_t page) const {
        return (__atomic_load_n(&words_[page / 64], __ATOMIC_RELAXED) >> page % 64 & 1) != 0;
    }
    // These order nothing that is written before them after them, and cost a read if there is nothing to do.
    [[gnu::always_inline]] void set(std::uint64_t page) {
        if (!holds(page)) change(page / 64, 1ull << page % 64, true);
    }
    [[gnu::always_inline]] void clear(std::uint64_t page) {
        if (holds(page)) change(page / 64, 1ull << page % 64, false);
    }

    // Makes the bits of [page, page + count), at most 64, all `value`. What they were: `page`'s the lowest.
    std::uint64_t exchange(std::uint64_t page, unsigned count, bool value) {
        const std::uint64_t mask = ~0ull >> (64 - count);
        const unsigned shift = page % 64;
        std::uint64_t old = change(page / 64, mask << shift, value) >> shift;
        if (shift + count > 64) old |= change(page / 64 + 1, mask >> (64 - shift), value) << (64 - shift);
        return old & mask;
    }

  private:
    explicit PageBits(ReservedArray<std::uint64_t> words) : words_(std::move(words)) {}

    [[gnu::always_inline]] std::uint64_t change(std::uint64_t word, std::uint64_t mask, bool value) {
        return value ? __atomic_fetch_or(&words_[word], mask, __ATOMIC_SEQ_CST)
                     : __atomic_fetch_and(&words_[word], ~mask, __ATOMIC_SEQ_CST);
    }

    ReservedArray<std::uint64_t> words_;
};

}  // namespace hospes::memory
