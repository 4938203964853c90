#include "block/raw_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

namespace hospes::block {
namespace {

struct NoCompletion final : Completion {
    void complete(Status) override { FAIL() << "a raw disk finishes at once"; }
};

class RawDiskTest : public ::testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/hospes-disk-XXXXXX";
        const int fd = ::mkstemp(name);
        ASSERT_GE(fd, 0);
        path_ = name;
        std::vector<unsigned char> content(kSize);
        for (std::size_t i = 0; i < kSize; ++i) content[i] = static_cast<unsigned char>(i / kSectorSize + 1);
        ASSERT_EQ(::write(fd, content.data(), kSize), static_cast<ssize_t>(kSize));
        ::close(fd);
    }
    void TearDown() override { ::unlink(path_.c_str()); }

    static Status run(RawDisk& disk, const Request& request) {
        NoCompletion none;
        return disk.submit(request, none).value_or(Status::IoError);
    }
    static std::vector<unsigned char> read(RawDisk& disk, std::uint64_t offset, std::size_t length) {
        std::vector<unsigned char> data(length);
        const iovec part{data.data(), length};
        EXPECT_EQ(run(disk, {Operation::Read, false, offset, length, {&part, 1}}), Status::Ok);
        return data;
    }
    static std::string why(const std::string& path, bool read_only = false) {
        auto disk = RawDisk::open(path, read_only);
        return disk ? "" : disk.error().message();
    }

    static constexpr std::size_t kSize = 16 * kSectorSize;
    std::string path_;
};

TEST_F(RawDiskTest, ReadsIntoManySegments) {
    auto disk = RawDisk::open(path_, true);
    ASSERT_TRUE(disk);
    EXPECT_EQ(disk.value()->size(), kSize);
    unsigned char a[100], b[924];
    const iovec parts[] = {{a, sizeof a}, {nullptr, 0}, {b, sizeof b}};
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, 512, 1024, parts}), Status::Ok);
    EXPECT_EQ(a[0], 2);
    EXPECT_EQ(b[411], 2);
    EXPECT_EQ(b[412], 3);
}

TEST_F(RawDiskTest, WritesAndFlushes) {
    auto disk = RawDisk::open(path_, false);
    ASSERT_TRUE(disk);
    std::vector<iovec> parts(2048);  // more than IOV_MAX, one of them empty
    std::vector<unsigned char> data(2047 * 2);
    std::iota(data.begin(), data.end(), static_cast<unsigned char>(0));
    for (std::size_t i = 0; i < 2047; ++i) parts[i + 1] = {&data[i * 2], 2};
    parts[0] = {data.data(), 0};
    EXPECT_EQ(run(*disk.value(), {Operation::Write, false, 512, data.size(), parts}), Status::Ok);
    EXPECT_EQ(run(*disk.value(), {Operation::Flush, false, 0, 0, {}}), Status::Ok);
    EXPECT_EQ(read(*disk.value(), 512, data.size()), data);
    EXPECT_EQ(read(*disk.value(), 0, 1)[0], 1);
}

TEST_F(RawDiskTest, ChecksRanges) {
    auto disk = RawDisk::open(path_, false);
    ASSERT_TRUE(disk);
    unsigned char data[1024];
    const iovec part{data, sizeof data};
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, kSize - 512, 1024, {&part, 1}}), Status::OutOfRange);
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, ~0ull - 511, 1024, {&part, 1}}), Status::OutOfRange);
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, 0, 512, {&part, 1}}), Status::OutOfRange);
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, 0, 2048, {&part, 1}}), Status::OutOfRange);
    EXPECT_EQ(run(*disk.value(), {Operation::Discard, false, 512, ~0ull, {}}), Status::OutOfRange);
    EXPECT_EQ(run(*disk.value(), {Operation::Write, false, kSize, 0, {}}), Status::Ok);
}

TEST_F(RawDiskTest, ReadOnlyRefusesWrites) {
    auto disk = RawDisk::open(path_, true);
    ASSERT_TRUE(disk);
    unsigned char data[512] = {};
    const iovec part{data, sizeof data};
    EXPECT_EQ(run(*disk.value(), {Operation::Write, false, 0, 512, {&part, 1}}), Status::ReadOnly);
    EXPECT_EQ(run(*disk.value(), {Operation::Discard, false, 0, 512, {}}), Status::ReadOnly);
    EXPECT_EQ(run(*disk.value(), {Operation::WriteZeroes, false, 0, 512, {}}), Status::ReadOnly);
    EXPECT_EQ(run(*disk.value(), {Operation::Flush, false, 0, 0, {}}), Status::Ok);
}

TEST_F(RawDiskTest, DiscardAndWriteZeroes) {
    auto disk = RawDisk::open(path_, false);
    ASSERT_TRUE(disk);
    EXPECT_EQ(run(*disk.value(), {Operation::Discard, false, 0, 512, {}}), Status::Ok);
    EXPECT_EQ(run(*disk.value(), {Operation::WriteZeroes, false, 512, 512, {}}), Status::Ok);
    EXPECT_EQ(run(*disk.value(), {Operation::WriteZeroes, true, 1024, 512, {}}), Status::Ok);
    EXPECT_EQ(read(*disk.value(), 512, 1024), std::vector<unsigned char>(1024, 0));
    EXPECT_EQ(read(*disk.value(), 1536, 1)[0], 4);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_size, static_cast<off_t>(kSize));
}

TEST_F(RawDiskTest, TruncatedUnderUsIsAnError) {
    auto disk = RawDisk::open(path_, true);
    ASSERT_TRUE(disk);
    ASSERT_EQ(::truncate(path_.c_str(), 512), 0);
    unsigned char data[1024];
    const iovec part{data, sizeof data};
    EXPECT_EQ(run(*disk.value(), {Operation::Read, false, 0, 1024, {&part, 1}}), Status::IoError);
}

TEST_F(RawDiskTest, LocksBetweenHandles) {
    auto writer = RawDisk::open(path_, false);
    ASSERT_TRUE(writer);
    EXPECT_NE(why(path_).find("in use"), std::string::npos);
    EXPECT_NE(why(path_, true).find("being written"), std::string::npos);
    writer = Error("closed");
    auto reader = RawDisk::open(path_, true);
    EXPECT_TRUE(reader);
    EXPECT_EQ(why(path_, true), "");
    EXPECT_NE(why(path_), "");
}

TEST_F(RawDiskTest, LocksBetweenProcessesUntilDeath) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto disk = RawDisk::open(path_, false);
        const char result = disk ? 'y' : 'n';
        if (::write(ready[1], &result, 1) != 1) ::_exit(1);
        ::pause();
    }
    char held = 0;
    ASSERT_EQ(::read(ready[0], &held, 1), 1);
    EXPECT_EQ(held, 'y');
    EXPECT_NE(why(path_), "");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(why(path_), "");
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_F(RawDiskTest, ErrorsInWords) {
    EXPECT_NE(why("/nonexistent/disk").find("No such file"), std::string::npos);
    EXPECT_NE(why("/tmp").find("Is a directory"), std::string::npos);
    EXPECT_NE(why("/tmp", true).find("neither a file nor a block device"), std::string::npos);
    EXPECT_NE(why("/dev/null").find("neither a file nor a block device"), std::string::npos);
    ASSERT_EQ(::truncate(path_.c_str(), 1000), 0);
    EXPECT_NE(why(path_).find("not a multiple of 512"), std::string::npos);
    ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
    EXPECT_NE(why(path_).find("is empty"), std::string::npos);
}

TEST_F(RawDiskTest, SerialIsStableAndShort) {
    const std::string first = RawDisk::open(path_, true).take()->serial();
    EXPECT_EQ(first, RawDisk::open(path_, true).take()->serial());
    EXPECT_LE(first.size(), 20u);
}

}  // namespace
}  // namespace hospes::block
