#include "block/disk.h"

namespace hospes::block {

namespace {

bool has_segments(Operation operation) { return operation == Operation::Read || operation == Operation::Write; }

bool segments_match(const Request& request) {
    std::uint64_t left = request.length;
    for (const iovec& segment : request.segments) {
        if (segment.iov_len > left) return false;
        left -= segment.iov_len;
    }
    return left == 0;
}

}  // namespace

Status check(const Request& request, std::uint64_t size, bool read_only) {
    if (request.operation == Operation::Flush) return Status::Ok;
    if (read_only && request.operation != Operation::Read) return Status::ReadOnly;
    if (request.offset > size || request.length > size - request.offset) return Status::OutOfRange;
    if (has_segments(request.operation) && !segments_match(request)) return Status::OutOfRange;
    return Status::Ok;
}

}  // namespace hospes::block
