// Memory for generated code, mapped twice: once writable, once executable, never both in one mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

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
    // Code has reached `offset`. Once there is enough in its 2 MiB, they become one huge page in both mappings, if the
    // host can do that: translated code is large, and 4 KiB pages have the host's instruction TLB miss all the time.
    void use_huge_page(std::size_t offset);
    // Gives its pages back to the host; they read as zeroes from then on.
    void clear();
    [[gnu::always_inline]] bool contains(std::uint64_t host_pc) const {
        return host_pc - reinterpret_cast<std::uint64_t>(executable_) < size_;
    }

  private:
    static constexpr std::size_t kHugePage = 2 << 20;

    CodeMemory(std::uint8_t* writable, std::uint8_t* executable, std::size_t size)
        : writable_(writable), executable_(executable), size_(size), huge_(size / kHugePage) {}

    std::uint8_t* writable_;
    std::uint8_t* executable_;
    std::size_t size_;
    std::vector<bool> huge_;  // by 2 MiB: tried
};

}  // namespace hospes::translator
