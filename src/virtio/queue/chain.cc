#include "virtio/queue/chain.h"

#include <algorithm>
#include <cstring>

#include "virtio/queue/layout.h"

namespace hospes::virtio {

namespace {

// Calls visit(host address, length) for each piece of [offset, offset + length).
template <typename Visit>
std::uint64_t for_each_piece(std::span<const iovec> segments, std::uint64_t offset, std::uint64_t length, Visit visit) {
    std::uint64_t done = 0;
    for (const iovec& segment : segments) {
        if (done == length) break;
        if (offset >= segment.iov_len) {
            offset -= segment.iov_len;
            continue;
        }
        const std::uint64_t part = std::min<std::uint64_t>(segment.iov_len - offset, length - done);
        visit(static_cast<std::byte*>(segment.iov_base) + offset, part);
        done += part;
        offset = 0;
    }
    return done;
}

}  // namespace

void Chain::clear(std::uint16_t head) {
    head_ = head;
    readable_.clear();
    writable_.clear();
    addresses_.clear();
}

bool Chain::append(Gpa gpa, std::byte* host, std::uint32_t length, bool writable) {
    if (readable_.size() + writable_.size() >= kMaxQueueSize) return false;
    if (!writable) {
        if (!writable_.empty()) return false;
        readable_.push_back({host, length});
        return true;
    }
    writable_.push_back({host, length});
    addresses_.push_back(gpa);
    return true;
}

std::uint64_t total_length(std::span<const iovec> segments) {
    std::uint64_t total = 0;
    for (const iovec& segment : segments) total += segment.iov_len;
    return total;
}

std::size_t copy_out(std::span<const iovec> segments, std::uint64_t offset, void* to, std::size_t length) {
    auto* next = static_cast<std::byte*>(to);
    return for_each_piece(segments, offset, length, [&](const std::byte* piece, std::uint64_t part) {
        std::memcpy(next, piece, part);
        next += part;
    });
}

std::size_t copy_in(std::span<const iovec> segments, std::uint64_t offset, const void* from, std::size_t length) {
    const auto* next = static_cast<const std::byte*>(from);
    return for_each_piece(segments, offset, length, [&](std::byte* piece, std::uint64_t part) {
        std::memcpy(piece, next, part);
        next += part;
    });
}

void slice(std::span<const iovec> segments, std::uint64_t offset, std::uint64_t length, std::vector<iovec>& part) {
    for_each_piece(segments, offset, length, [&](std::byte* piece, std::uint64_t size) {
        part.push_back({piece, size});
    });
}

}  // namespace hospes::virtio
