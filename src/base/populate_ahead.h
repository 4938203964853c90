// Memory that is filled from one end to the other, brought in some way ahead of its use: one call for many pages costs
// a fraction of a page fault for each.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>

namespace hospes {

class PopulateAhead {
  public:
    // [begin, begin + size) is the memory, page-aligned and mapped.
    PopulateAhead(void* begin, std::size_t size) : begin_(static_cast<std::byte*>(begin)), size_(size) {}

    // The first `length` bytes are about to be used. Where the host cannot help, page faults do it.
    void reach(std::size_t length) {
        if (length <= done_) return;
        const std::size_t end = std::min(size_, (length + kStep) / kStep * kStep);
        ::madvise(begin_ + done_, end - done_, MADV_POPULATE_WRITE);
        done_ = end;
    }
    // What is used next begins at `offset`.
    void start_at(std::size_t offset) { done_ = offset / kStep * kStep; }

  private:
    static constexpr std::size_t kStep = 64 << 10;

    std::byte* begin_;
    std::size_t size_;
    std::size_t done_ = 0;
};

}  // namespace hospes
