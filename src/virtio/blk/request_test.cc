#include "virtio/blk/request.h"

#include <gtest/gtest.h>

#include <cstring>

#include "virtio/blk/config.h"

namespace hospes::virtio::blk {
namespace {

class BlkRequestTest : public ::testing::Test {
  protected:
    // Header, then `out` more readable bytes, then `in` writable ones.
    Request& run(const Header& header, std::size_t out, std::size_t in) {
        std::memcpy(readable_, &header, sizeof header);
        const iovec readable{readable_, sizeof header + out};
        const iovec writable{writable_, in};
        parse({&readable, 1}, {&writable, 1}, request_);
        return request_;
    }
    Request& run_range(std::uint32_t type, const RangeSegment& segment) {
        std::memcpy(readable_ + sizeof(Header), &segment, sizeof segment);
        return run({type, 0, 0}, sizeof segment, 1);
    }

    std::byte readable_[4096] = {};
    std::byte writable_[4096] = {};
    Request request_;
};

TEST_F(BlkRequestTest, Read) {
    const Request& request = run({type::kIn, 0, 3}, 0, 1025);
    ASSERT_EQ(request.kind, Kind::Disk);
    EXPECT_EQ(request.operation.operation, block::Operation::Read);
    EXPECT_EQ(request.operation.offset, 3 * 512u);
    EXPECT_EQ(request.operation.length, 1024u);
    ASSERT_EQ(request.operation.segments.size(), 1u);
    EXPECT_EQ(request.operation.segments[0].iov_base, writable_);
    EXPECT_EQ(request.status, writable_ + 1024);
    EXPECT_EQ(request.writable, 1025u);
}

TEST_F(BlkRequestTest, AnyFraming) {
    const Header header{type::kOut, 0, 1};
    std::memcpy(readable_, &header, sizeof header);
    const iovec readable[] = {{readable_, 5}, {nullptr, 0}, {readable_ + 5, 111}, {readable_ + 116, 412}};
    const iovec writable[] = {{nullptr, 0}, {writable_, 1}, {nullptr, 0}};
    parse(readable, writable, request_);
    ASSERT_EQ(request_.kind, Kind::Disk);
    EXPECT_EQ(request_.operation.length, 512u);
    ASSERT_EQ(request_.data.size(), 2u);
    EXPECT_EQ(request_.data[0].iov_base, readable_ + 16);
    EXPECT_EQ(request_.data[0].iov_len, 100u);
    EXPECT_EQ(request_.status, writable_);
}

TEST_F(BlkRequestTest, NoAnswerPossible) {
    EXPECT_EQ(run({type::kIn, 0, 0}, 0, 0).kind, Kind::NoAnswer);
    const iovec shorter{readable_, 15};
    const iovec status{writable_, 1};
    parse({&shorter, 1}, {&status, 1}, request_);
    EXPECT_EQ(request_.kind, Kind::NoAnswer);
    parse({}, {}, request_);
    EXPECT_EQ(request_.kind, Kind::NoAnswer);
}

TEST_F(BlkRequestTest, Refusals) {
    EXPECT_EQ(run({type::kIn, 0, 0}, 0, 514).kind, Kind::Refused) << "no whole sectors";
    EXPECT_EQ(run({type::kOut, 0, ~0ull >> 9}, 512, 1).kind, Kind::Disk);
    EXPECT_EQ(run({type::kOut, 0, (~0ull >> 9) + 1}, 512, 1).kind, Kind::Refused) << "offset overflow";
    EXPECT_EQ(run({type::kGetId, 0, 0}, 0, 20).kind, Kind::Refused);
    const Request& unknown = run({99, 0, 0}, 0, 1);
    EXPECT_EQ(unknown.kind, Kind::Refused);
    EXPECT_EQ(unknown.refusal, Answer::Unsupported);
}

TEST_F(BlkRequestTest, Ranges) {
    const Request& discard = run_range(type::kDiscard, {8, 16, 0});
    ASSERT_EQ(discard.kind, Kind::Disk);
    EXPECT_EQ(discard.operation.operation, block::Operation::Discard);
    EXPECT_EQ(discard.operation.offset, 8 * 512u);
    EXPECT_EQ(discard.operation.length, 16 * 512u);
    EXPECT_TRUE(run_range(type::kWriteZeroes, {8, 16, 1}).operation.may_unmap);
    EXPECT_FALSE(run_range(type::kWriteZeroes, {8, 16, 0}).operation.may_unmap);
    EXPECT_EQ(run_range(type::kDiscard, {8, 16, 1}).refusal, Answer::Unsupported);
    EXPECT_EQ(run_range(type::kWriteZeroes, {8, 16, 2}).refusal, Answer::Unsupported);
    EXPECT_EQ(run_range(type::kDiscard, {8, kMaxDiscardSectors + 1, 0}).kind, Kind::Refused);
    EXPECT_EQ(run_range(type::kWriteZeroes, {8, ~0u, 0}).kind, Kind::Refused);
    EXPECT_EQ(run({type::kDiscard, 0, 0}, 32, 1).kind, Kind::Refused) << "one segment, as the configuration says";
}

}  // namespace
}  // namespace hospes::virtio::blk
