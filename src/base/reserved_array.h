// A growing array that never moves: address space is reserved for its largest size, memory comes with use.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <type_traits>

#include "base/populate_ahead.h"
#include "base/result.h"

namespace hospes {

template <typename T>
class ReservedArray {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    // Room for `capacity` elements, all zero bytes until written.
    static Result<ReservedArray> create(std::size_t capacity) {
        void* data = ::mmap(nullptr, capacity * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (data == MAP_FAILED) return Error("cannot reserve address space: " + errno_text(errno));
        return ReservedArray(static_cast<T*>(data), capacity);
    }
    ReservedArray(ReservedArray&& other) noexcept
        : data_(other.data_), capacity_(other.capacity_), ahead_(other.ahead_) {
        other.data_ = nullptr;
    }
    ReservedArray& operator=(ReservedArray&&) = delete;
    ~ReservedArray() {
        if (data_ != nullptr) ::munmap(data_, capacity_ * sizeof(T));
    }

    [[gnu::always_inline]] T& operator[](std::size_t index) { return data_[index]; }
    [[gnu::always_inline]] const T& operator[](std::size_t index) const { return data_[index]; }
    std::size_t capacity() const { return capacity_; }

    // For arrays that fill up one element after the other: those before `count` are about to be used, the first of them
    // was named to start_at(), or is the array's first.
    void reach(std::size_t count) { ahead_.reach(count * sizeof(T)); }
    void start_at(std::size_t first) { ahead_.start_at(first * sizeof(T)); }
    // Back to all zero bytes, memory returned to the host.
    void reset() {
        ::madvise(data_, capacity_ * sizeof(T), MADV_DONTNEED);
        ahead_.start_at(0);
    }

  private:
    ReservedArray(T* data, std::size_t capacity)
        : data_(data), capacity_(capacity), ahead_(data, capacity * sizeof(T)) {}

    T* data_;
    std::size_t capacity_;
    PopulateAhead ahead_;
};

}  // namespace hospes
