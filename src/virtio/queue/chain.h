// One descriptor chain: a request's buffers, all checked to be RAM.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"

namespace hospes::virtio {

class Chain {
  public:
    std::uint16_t head() const { return head_; }

    // What the driver wrote for the device, and what the device is to fill. A guest may change readable bytes at any
    // time: read each once.
    std::span<const iovec> readable() const { return readable_; }
    std::span<const iovec> writable() const { return writable_; }
    // Guest address of writable()[i].
    Gpa writable_address(std::size_t i) const { return addresses_[i]; }

    void clear(std::uint16_t head);
    // False if readable bytes would follow writable ones (2.7.4.2), or the chain would be longer than any queue.
    bool append(Gpa gpa, std::byte* host, std::uint32_t length, bool writable);

  private:
    std::uint16_t head_ = 0;
    std::vector<iovec> readable_;
    std::vector<iovec> writable_;
    std::vector<Gpa> addresses_;
};

std::uint64_t total_length(std::span<const iovec> segments);

// Copies up to `length` bytes from `offset` on; how many there were.
std::size_t copy_out(std::span<const iovec> segments, std::uint64_t offset, void* to, std::size_t length);
std::size_t copy_in(std::span<const iovec> segments, std::uint64_t offset, const void* from, std::size_t length);

// Appends to `part` the segments of [offset, offset + length), which must be inside.
void slice(std::span<const iovec> segments, std::uint64_t offset, std::uint64_t length, std::vector<iovec>& part);

}  // namespace hospes::virtio
