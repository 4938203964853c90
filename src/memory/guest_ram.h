// The guest's RAM: one anonymous host mapping, split at the hole below 4 GiB where devices live.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/address.h"
#include "base/result.h"

namespace hospes::memory {

// Guest physical layout: [0, min(size, kLowEnd)) and, if there is more, [4 GiB, 4 GiB + rest).
inline constexpr Gpa kLowEnd = 3ull << 30;
inline constexpr Gpa kHighStart = 4ull << 30;

class GuestRam {
  public:
    // Reserves `size` bytes (a multiple of 4 KiB, at least 1 MiB). Host memory is taken at first touch,
    // in chunks. Errors: too large for the host, no address space.
    static Result<std::unique_ptr<GuestRam>> create(std::uint64_t size);
    ~GuestRam();
    GuestRam(const GuestRam&) = delete;
    GuestRam& operator=(const GuestRam&) = delete;

    [[gnu::always_inline]] std::uint64_t size() const { return size_; }
    [[gnu::always_inline]] std::uint64_t low_size() const { return low_size_; }
    [[gnu::always_inline]] std::uint64_t high_size() const { return size_ - low_size_; }

    // Host address of [gpa, gpa + length) if all of it is RAM and contiguous, else nullptr.
    [[gnu::always_inline]] std::byte* host(Gpa gpa, std::uint64_t length) const {
        if (gpa < low_size_) return length <= low_size_ - gpa ? base_ + gpa : nullptr;
        if (gpa < kHighStart || gpa - kHighStart >= high_size()) return nullptr;
        const std::uint64_t offset = gpa - kHighStart;
        return length <= high_size() - offset ? base_ + low_size_ + offset : nullptr;
    }

    // Index of RAM page `gpa` (0 .. page_count), for tables kept per page. `gpa` must be RAM.
    [[gnu::always_inline]] std::uint64_t page_index(Gpa gpa) const {
        return (gpa < low_size_ ? gpa : gpa - kHighStart + low_size_) >> kPageBits;
    }
    std::uint64_t page_count() const { return size_ >> kPageBits; }

    // Copies from or to guest memory; false (nothing copied) if any byte is outside RAM.
    bool read(Gpa gpa, void* to, std::size_t length) const;
    bool write(Gpa gpa, const void* from, std::size_t length);

    // Has the host populate the chunk around `gpa` now, so that its pages cost no host fault each.
    // Cheap when already done. Thread-safe. `gpa` must be RAM.
    void populate(Gpa gpa) {
        const std::uint64_t chunk = (page_index(gpa) << kPageBits) >> kChunkBits;
        if (!populated_[chunk].load(std::memory_order_relaxed)) populate_chunk(chunk);
    }

  private:
    static constexpr unsigned kChunkBits = 21;  // 2 MiB: one host huge page where the host gives them

    GuestRam(std::byte* base, std::uint64_t size);
    void populate_chunk(std::uint64_t chunk);

    std::byte* base_;
    std::uint64_t size_;
    std::uint64_t low_size_;
    std::unique_ptr<std::atomic<bool>[]> populated_;
};

}  // namespace hospes::memory
