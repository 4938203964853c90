#include "virtio/blk/device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "block/raw_disk.h"
#include "virtio/transport/test_driver.h"

namespace hospes::virtio::blk {
namespace {

constexpr Gpa kHeader = 0x200000, kStatus = 0x200100, kRange = 0x200200, kData = 0x201000;
constexpr std::uint64_t kDiskSize = 64 * 512;

// A temporary file whose sector n is full of n + 1.
class TempImage {
  public:
    TempImage() {
        const int fd = ::mkstemp(path_.data());
        for (unsigned i = 0; i < kDiskSize / 512; ++i) {
            const std::string sector(512, static_cast<char>(i + 1));
            EXPECT_EQ(::write(fd, sector.data(), 512), 512);
        }
        ::close(fd);
    }
    ~TempImage() { ::unlink(path_.c_str()); }
    const std::string& path() const { return path_; }

  private:
    std::string path_ = "/tmp/hospes-blk-XXXXXX";
};

// Submits requests through the device's BARs and rings.
class BlkDriver : public TestDriver {
  public:
    explicit BlkDriver(std::unique_ptr<block::Disk> disk) : TestDriver(Device::create(std::move(disk))) {}

    void submit(std::uint32_t type, std::uint64_t sector, std::initializer_list<TestRing::Buffer> data) {
        put(kHeader, Header{type, 0, sector});
        put(kStatus, std::uint8_t{0xff});
        std::vector<TestRing::Buffer> all = {{kHeader, 16, false}};
        all.insert(all.end(), data.begin(), data.end());
        all.push_back({kStatus, 1, true});
        unsigned i = 0;
        for (const TestRing::Buffer& buffer : all) {
            const auto flags = static_cast<std::uint16_t>((buffer.writable ? descriptor::kWrite : 0) |
                                                          (i + 1 < all.size() ? descriptor::kNext : 0));
            rings[0]->set_descriptor(i, {buffer.gpa, buffer.length, flags, static_cast<std::uint16_t>(i + 1)});
            ++i;
        }
        rings[0]->offer(0);
        kick(0);
    }
    unsigned answer() const { return get<std::uint8_t>(kStatus); }
};

class BlkDeviceTest : public ::testing::Test {
  protected:
    static constexpr std::uint64_t kAll = feature::kFlush | feature::kDiscard | feature::kWriteZeroes;

    BlkDriver& open(bool read_only = false, std::uint64_t features = kAll) {
        driver_ = std::make_unique<BlkDriver>(block::RawDisk::open(image_.path(), read_only).take());
        driver_->start(features, 1);
        return *driver_;
    }

    TempImage image_;
    std::unique_ptr<BlkDriver> driver_;
};

TEST_F(BlkDeviceTest, IdentityAndConfiguration) {
    BlkDriver& driver = open();
    EXPECT_EQ(driver.bus.read_config(1, 0, 0, 4), 0x10421af4u);
    EXPECT_EQ(driver.memory.read(TestDriver::kConfig, 4), 64u);
    EXPECT_EQ(driver.memory.read(TestDriver::kConfig + 12, 4), kMaxSegments);
    EXPECT_EQ(driver.memory.read(TestDriver::kConfig + 20, 4), 512u);
    EXPECT_EQ(driver.memory.read(TestDriver::kConfig + 56, 1), 1u);
    EXPECT_EQ(driver.offered() & feature::kReadOnly, 0u);
}

TEST_F(BlkDeviceTest, ReadsIntoSeveralBuffers) {
    BlkDriver& driver = open();
    driver.submit(type::kIn, 2, {{kData, 100, true}, {kData + 0x1000, 924, true}});
    EXPECT_EQ(driver.answer(), 0u);
    EXPECT_EQ(driver.get<std::uint8_t>(kData), 3);
    EXPECT_EQ(driver.get<std::uint8_t>(kData + 0x1000 + 411), 3);
    EXPECT_EQ(driver.get<std::uint8_t>(kData + 0x1000 + 412), 4);
    EXPECT_EQ(driver.rings[0]->used(0).length, 1025u);
    EXPECT_TRUE(driver.observer.covers(kData, 100));
    EXPECT_TRUE(driver.observer.covers(kData + 0x1000, 924));
    EXPECT_TRUE(driver.observer.covers(kStatus, 1));
    EXPECT_EQ(driver.isr(), 1);
}

TEST_F(BlkDeviceTest, WritesReachTheFile) {
    BlkDriver& driver = open();
    driver.put(kData, std::array<char, 512>{'x', 'y'});
    driver.submit(type::kOut, 63, {{kData, 512, false}});
    EXPECT_EQ(driver.answer(), 0u);
    driver.submit(type::kFlush, 0, {});
    EXPECT_EQ(driver.answer(), 0u);
    driver.submit(type::kIn, 63, {{kData + 0x1000, 512, true}});
    EXPECT_EQ(driver.get<char>(kData + 0x1000 + 1), 'y');
}

TEST_F(BlkDeviceTest, DiscardAndWriteZeroes) {
    BlkDriver& driver = open();
    driver.put(kRange, RangeSegment{8, 8, 0});
    driver.submit(type::kDiscard, 0, {{kRange, 16, false}});
    EXPECT_EQ(driver.answer(), 0u);
    driver.put(kRange, RangeSegment{16, 1, 1});
    driver.submit(type::kWriteZeroes, 0, {{kRange, 16, false}});
    EXPECT_EQ(driver.answer(), 0u);
    driver.submit(type::kIn, 16, {{kData, 1024, true}});
    EXPECT_EQ(driver.get<std::uint8_t>(kData), 0);
    EXPECT_EQ(driver.get<std::uint8_t>(kData + 512), 18);
}

TEST_F(BlkDeviceTest, SerialNumber) {
    BlkDriver& driver = open();
    driver.submit(type::kGetId, 0, {{kData, 20, true}});
    EXPECT_EQ(driver.answer(), 0u);
    EXPECT_EQ(driver.get<char>(kData), 'h');
    EXPECT_EQ(driver.get<char>(kData + 19), 0);
}

TEST_F(BlkDeviceTest, ErrorsAreAnswered) {
    BlkDriver& driver = open();
    driver.submit(type::kIn, 64, {{kData, 512, true}});
    EXPECT_EQ(driver.answer(), 1u);
    driver.submit(type::kIn, ~0ull, {{kData, 512, true}});
    EXPECT_EQ(driver.answer(), 1u);
    driver.submit(77, 0, {});
    EXPECT_EQ(driver.answer(), 2u);
    EXPECT_FALSE(driver.needs_reset());
    driver.rings[0]->add({{kHeader, 16, false}});  // nowhere to answer
    driver.kick(0);
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(BlkDeviceTest, ReadOnly) {
    BlkDriver& driver = open(true, 0);
    EXPECT_EQ(driver.offered() & (feature::kReadOnly | feature::kDiscard | feature::kWriteZeroes), feature::kReadOnly);
    driver.submit(type::kOut, 0, {{kData, 512, false}});
    EXPECT_EQ(driver.answer(), 1u);
    driver.submit(type::kIn, 0, {{kData, 512, true}});
    EXPECT_EQ(driver.answer(), 0u);
}

TEST_F(BlkDeviceTest, ManyRequestsOneInterrupt) {
    BlkDriver& driver = open();
    driver.put(kHeader, Header{type::kIn, 0, 1});
    for (unsigned i = 0; i < 5; ++i) {
        driver.rings[0]->add({{kHeader, 16, false}, {kData + 0x1000 * i, 512, true}, {kStatus + i, 1, true}}, 3 * i);
    }
    driver.kick(0);
    EXPECT_EQ(driver.rings[0]->used_index(), 5);
    EXPECT_EQ(driver.get<std::uint8_t>(kData + 0x4000), 2);
}

// A disk that finishes when told to.
struct LateDisk final : block::Disk {
    std::uint64_t size() const override { return kDiskSize; }
    bool read_only() const override { return false; }
    const std::string& serial() const override { return serial_; }
    std::optional<block::Status> submit(const block::Request& request, block::Completion& completion) override {
        operations.push_back(request.operation);
        pending.push_back(&completion);
        return std::nullopt;
    }
    void finish_one() {
        block::Completion* next = pending.front();
        pending.erase(pending.begin());
        next->complete(block::Status::Ok);
    }
    std::string serial_ = "late";
    std::vector<block::Completion*> pending;
    std::vector<block::Operation> operations;
};

class LateDiskTest : public ::testing::Test {
  protected:
    void start(std::uint64_t features) {
        auto disk = std::make_unique<LateDisk>();
        disk_ = disk.get();
        driver_ = std::make_unique<BlkDriver>(std::move(disk));
        driver_->start(features, 1);
    }
    LateDisk* disk_ = nullptr;
    std::unique_ptr<BlkDriver> driver_;
};

TEST_F(LateDiskTest, FinishesLater) {
    start(feature::kFlush);
    driver_->submit(type::kOut, 0, {{kData, 512, false}});
    EXPECT_EQ(driver_->rings[0]->used_index(), 0);
    disk_->finish_one();
    EXPECT_EQ(driver_->rings[0]->used_index(), 1);
    EXPECT_EQ(driver_->answer(), 0u);
    EXPECT_EQ(driver_->isr(), 1);
}

TEST_F(LateDiskTest, WriteThroughWithoutFlushFeature) {
    start(0);
    driver_->submit(type::kOut, 0, {{kData, 512, false}});
    disk_->finish_one();
    EXPECT_EQ(driver_->rings[0]->used_index(), 0);
    disk_->finish_one();
    EXPECT_EQ(driver_->rings[0]->used_index(), 1);
    EXPECT_EQ(disk_->operations, (std::vector{block::Operation::Write, block::Operation::Flush}));
}

TEST_F(LateDiskTest, ResetWaitsForRequests) {
    start(feature::kFlush);
    driver_->submit(type::kIn, 0, {{kData, 512, true}});
    driver_->submit(type::kIn, 0, {{kData, 512, true}});
    driver_->set_status(0);
    EXPECT_NE(driver_->status(), 0);
    disk_->finish_one();
    EXPECT_NE(driver_->status(), 0);
    disk_->finish_one();
    EXPECT_EQ(driver_->status(), 0);
    EXPECT_EQ(driver_->rings[0]->used_index(), 0);
    driver_->start(feature::kFlush, 1);
    driver_->submit(type::kIn, 0, {{kData, 512, true}});
    disk_->finish_one();
    EXPECT_EQ(driver_->rings[0]->used_index(), 1);
}

}  // namespace
}  // namespace hospes::virtio::blk
