// A disk whose bytes are those of a file or a block device of the host.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/disk.h"

namespace hospes::block {

class RawDisk final : public Disk {
  public:
    // Opens and locks `path`: exclusively for writing, shared for `read_only`. Errors: missing, no permission, not a
    // file or block device, in use elsewhere, a size that no disk has.
    static Result<std::unique_ptr<RawDisk>> open(const std::string& path, bool read_only);

    std::uint64_t size() const override { return size_; }
    bool read_only() const override { return read_only_; }
    int descriptor() const { return fd_.get(); }
    const std::string& serial() const override { return serial_; }

    // Always finishes on the calling thread: a read from the host's page cache costs less than waking another one.
    std::optional<Status> submit(const Request& request, Completion& completion) override;

  private:
    RawDisk(UniqueFd fd, std::uint64_t size, bool read_only, std::string serial);

    Status perform(const Request& request);
    Status failed(int number);
    Status transfer(const Request& request);
    Status discard(const Request& request);
    Status write_zeroes(const Request& request);
    Status write_zero_bytes(std::uint64_t offset, std::uint64_t length);

    UniqueFd fd_;
    std::uint64_t size_;
    bool read_only_;
    std::string serial_;
    LogLimit full_warnings_{1};
};

}  // namespace hospes::block
