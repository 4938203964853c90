// Memory for generated code, mapped twice: once writable, once executable, never both in one mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace hospes::translator {

class CodeMemory {
  public:
    // `size` bytes, a multiple of 2 MiB, at most 2 GiB so that relative jumps reach.
    static Result<std::unique_ptr<CodeMemory>> create(std::size_t size);
    ~CodeMemory();
    CodeMemory(const CodeMemory&) = delete;
    CodeMemory& operator=(const CodeMemory&) = delete;

    std::uint8_t* writable() const { return writable_; }
    const std::uint8_t* executable() const { return executable_; }
    std::ptrdiff_t execute_offset() const { return executable_ - writable_; }
    std::size_t size() const { return size_; }
    // Gives its pages back to the host; they read as zeroes from then on.
    void clear();
    [[gnu::always_inline]] bool contains(std::uint64_t host_pc) const {
        return host_pc - reinterpret_cast<std::uint64_t>(executable_) < size_;
    }

  private:
    CodeMemory(std::uint8_t* writable, std::uint8_t* executable, std::size_t size)
        : writable_(writable), executable_(executable), size_(size) {}

    std::uint8_t* writable_;
    std::uint8_t* executable_;
    std::size_t size_;
};

}  // namespace hospes::translator
