// Random chains for virtio-blk's parser. Promises: it reads nothing outside the chain's buffers (the sanitizer looks),
// hands out nothing outside them, and what it hands out adds up.
#include <memory>
#include <vector>

#include "fuzz_input.h"
#include "virtio/blk/request.h"
#include "virtio/queue/chain.h"

namespace {

using namespace hospes;
using namespace hospes::virtio;
using fuzz::FuzzInput;
using fuzz::require;

// Buffers of the exact size, each an allocation of its own.
struct Buffers {
    std::vector<std::unique_ptr<std::byte[]>> storage;
    std::vector<iovec> segments;

    std::byte* add(std::size_t length) {
        storage.emplace_back(new std::byte[length]());
        segments.push_back({storage.back().get(), length});
        return storage.back().get();
    }
    bool contains(const void* start, std::size_t length) const {
        for (const iovec& segment : segments) {
            const auto* base = static_cast<const std::byte*>(segment.iov_base);
            const auto* at = static_cast<const std::byte*>(start);
            if (at >= base && at < base + segment.iov_len) {
                return length <= segment.iov_len - static_cast<std::size_t>(at - base);
            }
        }
        return false;
    }
};

void check(const blk::Request& request, const Buffers& readable, const Buffers& writable) {
    if (request.kind == blk::Kind::NoAnswer) return;
    require(request.status != nullptr && writable.contains(request.status, 1));
    require(request.writable == total_length(writable.segments));
    if (request.kind == blk::Kind::Refused) return;
    const bool from_driver = request.operation.operation == block::Operation::Write;
    for (const iovec& segment : request.data) {
        if (segment.iov_len == 0) continue;
        const Buffers& owner = request.kind == blk::Kind::Disk && from_driver ? readable : writable;
        require(owner.contains(segment.iov_base, segment.iov_len));
    }
    if (request.kind == blk::Kind::Serial) return require(total_length(request.data) == blk::kSerialSize);
    const auto status = block::check(request.operation, 1ull << 40, false);
    require(status == block::Status::Ok || request.operation.offset + request.operation.length > 1ull << 40);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    Buffers readable, writable;
    const unsigned readable_count = input.take<std::uint8_t>() % 8;
    const unsigned writable_count = input.take<std::uint8_t>() % 8;
    for (unsigned i = 0; i < writable_count; ++i) writable.add(input.take<std::uint16_t>() % 1100);
    for (unsigned i = 0; i < readable_count; ++i) {
        const std::size_t length = input.take<std::uint8_t>() * (i == 0 ? 1u : 4u);
        std::byte* buffer = readable.add(length);
        for (std::size_t at = 0; at < length && !input.empty(); ++at) buffer[at] = input.take<std::byte>();
    }
    static blk::Request request;  // reused, as the device does
    blk::parse(readable.segments, writable.segments, request);
    check(request, readable, writable);
    return 0;
}
