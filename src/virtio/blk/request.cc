#include "virtio/blk/request.h"

#include "virtio/blk/config.h"
#include "virtio/queue/chain.h"

namespace hospes::virtio::blk {

namespace {

constexpr std::uint32_t kUnmapFlag = 1;
constexpr std::uint64_t kMaxSector = ~0ull / block::kSectorSize;

// The last byte of the last segment that has one.
std::byte* last_byte(std::span<const iovec> segments) {
    for (std::size_t i = segments.size(); i-- > 0;) {
        const iovec& segment = segments[i];
        if (segment.iov_len > 0) return static_cast<std::byte*>(segment.iov_base) + segment.iov_len - 1;
    }
    return nullptr;
}

void refuse(Request& request, Answer answer) {
    request.kind = Kind::Refused;
    request.refusal = answer;
}

void set_operation(Request& request, block::Operation operation, std::uint64_t sector, std::uint64_t length) {
    if (sector > kMaxSector) return refuse(request, Answer::IoError);
    request.kind = Kind::Disk;
    request.operation.operation = operation;
    request.operation.may_unmap = false;
    request.operation.offset = sector * block::kSectorSize;
    request.operation.length = length;
    request.operation.segments = request.data;
}

void parse_transfer(const Header& header, std::span<const iovec> from, std::uint64_t skip, std::uint64_t length,
                    Request& request) {
    if (length % block::kSectorSize != 0) return refuse(request, Answer::IoError);
    slice(from, skip, length, request.data);
    const bool in = header.type == type::kIn;
    set_operation(request, in ? block::Operation::Read : block::Operation::Write, header.sector, length);
}

// 5.2.6.2: one segment, as the configuration says; unknown flags and, for discard, unmap are unsupported.
void parse_range(const Header& header, std::span<const iovec> readable, std::uint64_t length, Request& request) {
    RangeSegment segment;
    if (length != sizeof segment) return refuse(request, Answer::IoError);
    copy_out(readable, sizeof(Header), &segment, sizeof segment);
    const bool discard = header.type == type::kDiscard;
    if ((segment.flags & ~(discard ? 0 : kUnmapFlag)) != 0) return refuse(request, Answer::Unsupported);
    if (segment.sectors > (discard ? kMaxDiscardSectors : kMaxZeroSectors)) return refuse(request, Answer::IoError);
    set_operation(request, discard ? block::Operation::Discard : block::Operation::WriteZeroes, segment.sector,
                  segment.sectors * block::kSectorSize);
    request.operation.may_unmap = (segment.flags & kUnmapFlag) != 0;
}

}  // namespace

void parse(std::span<const iovec> readable, std::span<const iovec> writable, Request& request) {
    request.kind = Kind::NoAnswer;
    request.data.clear();
    request.operation = {};
    request.status = last_byte(writable);
    request.writable = total_length(writable);
    Header header;
    if (copy_out(readable, 0, &header, sizeof header) != sizeof header || request.status == nullptr) return;
    const std::uint64_t out = total_length(readable) - sizeof header;
    const std::uint64_t in = request.writable - 1;
    switch (header.type) {
        case type::kIn: return parse_transfer(header, writable, 0, in, request);
        case type::kOut: return parse_transfer(header, readable, sizeof header, out, request);
        case type::kFlush: return set_operation(request, block::Operation::Flush, 0, 0);
        case type::kDiscard:
        case type::kWriteZeroes: return parse_range(header, readable, out, request);
        case type::kGetId:
            if (in < kSerialSize) return refuse(request, Answer::IoError);
            slice(writable, 0, kSerialSize, request.data);
            request.kind = Kind::Serial;
            return;
        default: return refuse(request, Answer::Unsupported);
    }
}

}  // namespace hospes::virtio::blk
