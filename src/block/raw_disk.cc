#include "block/raw_disk.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "block/file_lock.h"

namespace hospes::block {

namespace {

Error open_error(const std::string& path, bool read_only, int number) {
    const std::string what = "cannot open disk " + path + ": " + errno_text(number);
    switch (number) {
        case ENOENT: return Error(what + "; create it first, for example with: truncate -s 10G " + path);
        case EACCES:
        case EROFS:
            return Error(what + (read_only ? "; it must be readable by this user"
                                           : "; make it writable for this user, or add readonly=on"));
        case EISDIR: return Error(what + "; name a raw disk image");
        default: return Error(what);
    }
}

Result<std::uint64_t> measure(int fd, const struct stat& status, const std::string& path) {
    std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
    if (S_ISBLK(status.st_mode) && ::ioctl(fd, BLKGETSIZE64, &size) != 0) {
        return Error("cannot get the size of disk " + path + ": " + errno_text(errno));
    }
    if (size == 0)
        return Error("disk " + path + " is empty; give it a size, for example with: truncate -s 10G " + path);
    if (size % kSectorSize != 0) {
        return Error("disk " + path + " is " + std::to_string(size) + " bytes, not a multiple of " +
                     std::to_string(kSectorSize) + ": not a raw disk image, or a truncated one");
    }
    return size;
}

// The same image has the same serial number wherever it is opened on this host; 20 characters fit virtio-blk's.
std::string make_serial(const struct stat& status) {
    const auto key = static_cast<unsigned long long>(status.st_ino) * 0x9e3779b97f4a7c15ull ^
                     static_cast<unsigned long long>(S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev);
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "hd%016llx", key);
    return text.data();
}

// Drops the first `count` bytes of `segments`.
void drop_front(std::span<iovec>& segments, std::size_t count) {
    while (!segments.empty() && count >= segments.front().iov_len) {
        count -= segments.front().iov_len;
        segments = segments.subspan(1);
    }
    if (segments.empty()) return;
    segments.front().iov_base = static_cast<char*>(segments.front().iov_base) + count;
    segments.front().iov_len -= count;
}

}  // namespace

Result<std::unique_ptr<RawDisk>> RawDisk::open(const std::string& path, bool read_only) {
    // O_NONBLOCK so that a FIFO named by mistake is an error, not a wait.
    UniqueFd fd(::open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return open_error(path, read_only, errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return open_error(path, read_only, errno);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return Error("disk " + path + " is neither a file nor a block device; name a raw disk image");
    }
    HOSPES_TRY(lock_file(fd.get(), read_only ? LockKind::Shared : LockKind::Exclusive, path));
    const std::uint64_t size = HOSPES_TRY(measure(fd.get(), status, path));
    return std::unique_ptr<RawDisk>(new RawDisk(std::move(fd), size, read_only, make_serial(status)));
}

RawDisk::RawDisk(UniqueFd fd, std::uint64_t size, bool read_only, std::string serial)
    : fd_(std::move(fd)), size_(size), read_only_(read_only), serial_(std::move(serial)) {}

std::optional<Status> RawDisk::submit(const Request& request, Completion&) { return perform(request); }

Status RawDisk::perform(const Request& request) {
    if (const Status status = check(request, size_, read_only_); status != Status::Ok) return status;
    switch (request.operation) {
        case Operation::Read:
        case Operation::Write: return transfer(request);
        case Operation::Flush: return read_only_ || ::fdatasync(fd_.get()) == 0 ? Status::Ok : Status::IoError;
        case Operation::Discard: return discard(request);
        case Operation::WriteZeroes: return write_zeroes(request);
    }
    return Status::IoError;
}

Status RawDisk::transfer(const Request& request) {
    std::array<iovec, IOV_MAX> window;  // a copy, since a short transfer goes on in the middle of a segment
    std::uint64_t offset = request.offset;
    std::span<const iovec> left = request.segments;
    while (!left.empty()) {
        const std::size_t count = std::min(left.size(), window.size());
        std::copy_n(left.begin(), count, window.begin());
        left = left.subspan(count);
        std::span<iovec> now(window.data(), count);
        drop_front(now, 0);  // skips empty segments
        while (!now.empty()) {
            const auto host_offset = static_cast<off_t>(offset);
            const int parts = static_cast<int>(now.size());
            const ssize_t done = request.operation == Operation::Read
                                     ? ::preadv(fd_.get(), now.data(), parts, host_offset)
                                     : ::pwritev(fd_.get(), now.data(), parts, host_offset);
            if (done < 0 && errno == EINTR) continue;
            if (done <= 0) return failed(done < 0 ? errno : 0);  // 0: someone truncated the file under us
            offset += static_cast<std::uint64_t>(done);
            drop_front(now, static_cast<std::size_t>(done));
        }
    }
    return Status::Ok;
}

// The guest is told of an I/O error and no more; that the host has no room is for the operator, once.
Status RawDisk::failed(int number) {
    const bool full = number == ENOSPC || number == EDQUOT;
    if (full && full_warnings_.allow()) {
        log_line("warning: the host's disk is full, so the guest's writes fail; free some space on it");
    }
    return Status::IoError;
}

Status RawDisk::discard(const Request& request) {
    if (request.length == 0) return Status::Ok;
    const int result = ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                   static_cast<off_t>(request.offset), static_cast<off_t>(request.length));
    // Discard is advice: a file system without holes keeps the data.
    return result == 0 || errno == EOPNOTSUPP ? Status::Ok : Status::IoError;
}

Status RawDisk::write_zeroes(const Request& request) {
    if (request.length == 0) return Status::Ok;
    const int mode = (request.may_unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
    if (::fallocate(fd_.get(), mode, static_cast<off_t>(request.offset), static_cast<off_t>(request.length)) == 0) {
        return Status::Ok;
    }
    if (errno != EOPNOTSUPP) return failed(errno);
    return write_zero_bytes(request.offset, request.length);
}

Status RawDisk::write_zero_bytes(std::uint64_t offset, std::uint64_t length) {
    static constexpr std::array<char, 64 * 1024> kZeroes{};
    while (length > 0) {
        const std::size_t part = std::min<std::uint64_t>(length, kZeroes.size());
        const ssize_t done = ::pwrite(fd_.get(), kZeroes.data(), part, static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return failed(errno);
        offset += static_cast<std::uint64_t>(done);
        length -= static_cast<std::uint64_t>(done);
    }
    return Status::Ok;
}

}  // namespace hospes::block
