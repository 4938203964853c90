// virtio-blk requests: a pure parse of a chain's buffers (virtio 1.2, 5.2.6).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "block/disk.h"

namespace hospes::virtio::blk {

// 5.2.6
namespace type {
inline constexpr std::uint32_t kIn = 0, kOut = 1, kFlush = 4, kGetId = 8, kDiscard = 11, kWriteZeroes = 13;
}
enum class Answer : std::uint8_t { Ok = 0, IoError = 1, Unsupported = 2 };

inline constexpr unsigned kSerialSize = 20;

struct Header {
    std::uint32_t type;
    std::uint32_t reserved;
    std::uint64_t sector;
};
static_assert(sizeof(Header) == 16);

struct RangeSegment {
    std::uint64_t sector;
    std::uint32_t sectors;
    std::uint32_t flags;  // bit 0: unmap
};
static_assert(sizeof(RangeSegment) == 16);

enum class Kind : std::uint8_t {
    NoAnswer,  // not even a place for a status byte: the driver is broken
    Refused,   // answer with `refusal`
    Disk,      // do `operation`
    Serial,    // copy the serial number to `data`
};

// What a chain asks for. `data` and `status` point into guest memory.
struct Request {
    Kind kind = Kind::NoAnswer;
    Answer refusal = Answer::IoError;
    block::Request operation;  // its segments are `data`
    std::vector<iovec> data;
    std::byte* status = nullptr;  // the last writable byte
    std::uint64_t writable = 0;   // bytes that the device may write, status included
};

// Parses into `request`, whose storage is reused. Reads the header and range segment once; trusts nothing in them.
// Ranges are not checked against the disk: block::Disk does that.
void parse(std::span<const iovec> readable, std::span<const iovec> writable, Request& request);

}  // namespace hospes::virtio::blk
