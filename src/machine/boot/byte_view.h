// Bytes of a file that nobody vouches for: every read is checked, none overflows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace hospes::machine {

class ByteView {
  public:
    ByteView() = default;
    explicit ByteView(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint64_t size() const { return bytes_.size(); }
    const std::byte* data() const { return bytes_.data(); }

    bool holds(std::uint64_t offset, std::uint64_t length) const {
        return offset <= size() && length <= size() - offset;
    }

    // A little-endian T (or a packed struct of them) at `offset`.
    template <typename T>
    std::optional<T> get(std::uint64_t offset) const {
        if (!holds(offset, sizeof(T))) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }
    template <typename T>
    T get_or(std::uint64_t offset, T otherwise) const {
        return get<T>(offset).value_or(otherwise);
    }

    std::optional<ByteView> part(std::uint64_t offset, std::uint64_t length) const {
        if (!holds(offset, length)) return std::nullopt;
        return ByteView(bytes_.subspan(offset, length));
    }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace hospes::machine
