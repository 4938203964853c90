// The seam between a disk and what presents it to a guest: requests over host memory, no virtio knowledge.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace hospes::block {

inline constexpr std::uint64_t kSectorSize = 512;

enum class Operation : std::uint8_t { Read, Write, Flush, Discard, WriteZeroes };

enum class Status : std::uint8_t {
    Ok,
    IoError,     // the host failed; counted, not logged
    OutOfRange,  // past the end, or length and segments disagree
    ReadOnly,
};

// One operation on [offset, offset + length). Flush has neither; only Read and Write have segments, whose lengths
// add up to `length`.
struct Request {
    Operation operation = Operation::Read;
    bool may_unmap = false;  // WriteZeroes: a hole will do
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::span<const iovec> segments;
};

// Who wants to know that a request which did not finish at once has finished.
class Completion {
  public:
    virtual void complete(Status status) = 0;

  protected:
    ~Completion() = default;
};

class Disk {
  public:
    virtual ~Disk() = default;

    // Bytes; a multiple of kSectorSize that never changes while the disk is open.
    virtual std::uint64_t size() const = 0;
    virtual bool read_only() const = 0;
    // What a guest may show as serial number: stable for this disk, no host path in it.
    virtual const std::string& serial() const = 0;

    // Does `request`: its status if it finished on this thread before the return, or nullopt if `completion` will be
    // called later, once, never from inside this call, with the lock held that is held now (a VM's machine lock; a disk
    // with threads of its own is given it at construction). The segments stay valid until it has finished. A status of
    // Ok from a Flush means that every write finished before it was submitted is on stable storage.
    virtual std::optional<Status> submit(const Request& request, Completion& completion) = 0;
};

// Ok if `request` may be done on a disk of `size` bytes: what every Disk asks first.
Status check(const Request& request, std::uint64_t size, bool read_only);

}  // namespace hospes::block
