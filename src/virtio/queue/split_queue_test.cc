#include "virtio/queue/split_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "virtio/queue/test_ring.h"

namespace hospes::virtio {
namespace {

constexpr std::uint64_t kRamSize = 4 << 20;
constexpr Gpa kBuffers = 0x100000;
constexpr std::uint16_t kSize = 16;

class SplitQueueTest : public ::testing::Test {
  protected:
    void start(bool event_index = false) { ASSERT_TRUE(queue_.start(ring_.layout(), event_index)); }
    void expect_broken() {
        EXPECT_EQ(queue_.pop(chain_), SplitQueue::Pop::Broken);
        EXPECT_FALSE(queue_.running());
        EXPECT_EQ(queue_.pop(chain_), SplitQueue::Pop::Empty);
        queue_.push(chain_, 1);
        EXPECT_FALSE(queue_.publish());
        EXPECT_FALSE(queue_.enable_notifications());
        EXPECT_EQ(ring_.used_index(), 0);
    }
    void expect_broken_by(const Descriptor& first) {
        start();
        ring_.set_descriptor(0, first);
        ring_.offer(0);
        expect_broken();
    }

    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(kRamSize).take();
    CountingObserver observer_;
    TestRing ring_{*ram_, 0x10000, kSize};
    SplitQueue queue_{*ram_, observer_};
    Chain chain_;
};

TEST_F(SplitQueueTest, TakesAndGivesBackAChain) {
    start();
    EXPECT_EQ(queue_.pop(chain_), SplitQueue::Pop::Empty);
    ring_.add({{kBuffers, 16, false}, {kBuffers + 0x1000, 512, true}, {kBuffers + 0x3000, 1, true}}, 5);
    ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
    EXPECT_EQ(chain_.head(), 5);
    ASSERT_EQ(chain_.readable().size(), 1u);
    ASSERT_EQ(chain_.writable().size(), 2u);
    EXPECT_EQ(chain_.readable()[0].iov_base, ram_->host(kBuffers, 16));
    EXPECT_EQ(total_length(chain_.writable()), 513u);
    queue_.push(chain_, 513);
    EXPECT_EQ(ring_.used_index(), 0) << "not before publish()";
    EXPECT_TRUE(queue_.publish());
    EXPECT_EQ(ring_.used_index(), 1);
    EXPECT_EQ(ring_.used(0).id, 5u);
    EXPECT_EQ(ring_.used(0).length, 513u);
    EXPECT_TRUE(observer_.covers(kBuffers + 0x1000, 512));
    EXPECT_TRUE(observer_.covers(kBuffers + 0x3000, 1));
    EXPECT_TRUE(observer_.covers(ring_.layout().used, 12));
    EXPECT_FALSE(observer_.covers(kBuffers, 1));
    EXPECT_FALSE(queue_.publish()) << "nothing new";
}

TEST_F(SplitQueueTest, ReportsOnlyWhatWasWritten) {
    start();
    ring_.add({{kBuffers, 4096, true}, {kBuffers + 0x2000, 4096, true}});
    ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
    queue_.push(chain_, 10);
    ASSERT_EQ(observer_.writes.size(), 1u);
    EXPECT_EQ(observer_.writes[0], std::make_pair(kBuffers, std::uint64_t{10}));
}

TEST_F(SplitQueueTest, IndicesWrap) {
    start();
    for (unsigned i = 0; i < 70000; ++i) {
        ring_.add({{kBuffers, 1, true}}, i % kSize);
        ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
        queue_.push(chain_, 1);
        queue_.publish();
        observer_.writes.clear();
    }
    EXPECT_EQ(ring_.used_index(), 70000 % 65536);
}

TEST_F(SplitQueueTest, IndirectTables) {
    start();
    const Descriptor table[] = {
        {kBuffers, 16, descriptor::kNext, 2}, {0, 0, 0, 0}, {kBuffers + 64, 32, descriptor::kWrite, 0}};
    ram_->write(0x20008, table, sizeof table);  // need not be aligned to 16
    ring_.set_descriptor(3, {0x20008, sizeof table, descriptor::kIndirect, 0});
    ring_.offer(3);
    ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
    EXPECT_EQ(chain_.readable().size(), 1u);
    EXPECT_EQ(chain_.writable().size(), 1u);
    EXPECT_EQ(chain_.writable_address(0), kBuffers + 64);
}

TEST_F(SplitQueueTest, DriverSuppressesInterruptsByFlag) {
    start();
    ring_.set_available_flags(kAvailNoInterrupt);
    ring_.add({{kBuffers, 1, true}});
    ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
    queue_.push(chain_, 0);
    EXPECT_FALSE(queue_.publish());
    EXPECT_EQ(ring_.used_index(), 1);
}

TEST_F(SplitQueueTest, EventIndex) {
    start(true);
    ring_.set_used_event(1);  // interrupt when the second is used
    for (const bool expected : {false, true, false}) {
        ring_.add({{kBuffers, 1, true}});
        ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
        queue_.push(chain_, 0);
        EXPECT_EQ(queue_.publish(), expected);
    }
    EXPECT_FALSE(queue_.enable_notifications());
    EXPECT_EQ(ring_.available_event(), 3);
    ring_.add({{kBuffers, 1, true}});
    EXPECT_TRUE(queue_.enable_notifications());
}

TEST_F(SplitQueueTest, EventIndexInsideABatch) {
    start(true);
    ring_.set_used_event(1);
    for (unsigned i = 0; i < 4; ++i) ring_.add({{kBuffers, 1, true}}, i);
    for (unsigned i = 0; i < 4; ++i) {
        ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
        queue_.push(chain_, 0);
    }
    EXPECT_TRUE(queue_.publish());
}

TEST_F(SplitQueueTest, StartRefusesBadLayouts) {
    const QueueLayout good = ring_.layout();
    const auto starts = [&](auto change) {
        QueueLayout layout = good;
        change(layout);
        return queue_.start(layout, false);
    };
    EXPECT_TRUE(starts([](QueueLayout&) {}));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.size = 0; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.size = 12; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.size = 512; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.descriptors += 8; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.available += 1; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.used += 2; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.descriptors = kRamSize - 16; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.available = ~0ull - 1; }));
    EXPECT_FALSE(starts([](QueueLayout& l) { l.used = 0xfee00000; }));
    EXPECT_FALSE(queue_.running());
}

TEST_F(SplitQueueTest, HostileDescriptorLoop) {
    start();
    ring_.set_descriptor(0, {kBuffers, 1, descriptor::kNext, 1});
    ring_.set_descriptor(1, {kBuffers, 1, descriptor::kNext, 0});
    ring_.offer(0);
    expect_broken();
}

TEST_F(SplitQueueTest, HostileDescriptors) {
    expect_broken_by({kBuffers, 1, descriptor::kNext, kSize});              // next outside the table
    expect_broken_by({kRamSize - 1, 2, 0, 0});                              // past the end of RAM
    expect_broken_by({~0ull, 1, 0, 0});                                     // no RAM at all
    expect_broken_by({kBuffers, 0xffffffff, descriptor::kWrite, 0});        // length beyond RAM
    expect_broken_by({0xfffffffffffff000, 0x2000, descriptor::kWrite, 0});  // wraps around
    expect_broken_by({0x20000, 0, descriptor::kIndirect, 0});               // empty table
    expect_broken_by({0x20000, 17, descriptor::kIndirect, 0});              // half an entry
    expect_broken_by({kRamSize - 16, 32, descriptor::kIndirect, 0});        // table past RAM
    expect_broken_by({0x20000, 16, descriptor::kIndirect | descriptor::kNext, 1});
}

TEST_F(SplitQueueTest, HostileIndirectTables) {
    const auto table_breaks = [&](const std::vector<Descriptor>& table) {
        ram_->write(0x20000, table.data(), table.size() * sizeof(Descriptor));
        expect_broken_by({0x20000, static_cast<std::uint32_t>(table.size() * 16), descriptor::kIndirect, 0});
    };
    table_breaks({{0x20000, 16, descriptor::kIndirect, 0}});                                        // nested
    table_breaks({{kBuffers, 1, descriptor::kNext, 0}});                                            // loop
    table_breaks({{kBuffers, 1, descriptor::kNext, 1}});                                            // out of the table
    table_breaks({{kBuffers, 1, descriptor::kWrite | descriptor::kNext, 1}, {kBuffers, 1, 0, 0}});  // order
    std::vector<Descriptor> long_chain;
    for (unsigned i = 0; i <= kMaxQueueSize; ++i) {
        long_chain.push_back({kBuffers, 1, descriptor::kNext, static_cast<std::uint16_t>(i + 1)});
    }
    long_chain.back().flags = 0;
    table_breaks(long_chain);
}

TEST_F(SplitQueueTest, HostileIndices) {
    start();
    ring_.set_available_index(kSize + 1);
    expect_broken();
    start();
    ring_.set_available_index(0);
    ring_.offer(kSize);  // head outside the table
    expect_broken();
}

TEST_F(SplitQueueTest, MoreRequestsThanTheRingHolds) {
    start();
    for (unsigned i = 0; i < kSize; ++i) {
        ring_.add({{kBuffers, 1, false}});
        ASSERT_EQ(queue_.pop(chain_), SplitQueue::Pop::Chain);
    }
    ring_.add({{kBuffers, 1, false}});
    EXPECT_EQ(queue_.pop(chain_), SplitQueue::Pop::Broken);
}

// A driver on another thread: nothing may get lost, whoever sleeps last.
TEST_F(SplitQueueTest, DriverOnAnotherThread) {
    start(true);
    constexpr unsigned kRequests = 20000;
    std::atomic<unsigned> seen{0};
    std::thread device([&] {
        while (seen < kRequests) {
            if (queue_.pop(chain_) != SplitQueue::Pop::Chain) continue;
            std::uint32_t value = 0;
            copy_out(chain_.readable(), 0, &value, sizeof value);
            ASSERT_EQ(value, seen.load()) << "the buffer must be seen as it was when offered";
            queue_.push(chain_, 0);
            queue_.publish();
            observer_.writes.clear();
            ++seen;
        }
    });
    auto* available = reinterpret_cast<std::uint16_t*>(ram_->host(ring_.layout().available, 64));
    for (unsigned i = 0; i < kRequests; ++i) {
        while (i - seen.load() >= kSize) std::this_thread::yield();
        const unsigned slot = i % kSize;
        ram_->write(kBuffers + 64 * slot, &i, 4);
        ring_.set_descriptor(slot, {kBuffers + 64 * slot, 4, 0, 0});
        available[2 + slot] = static_cast<std::uint16_t>(slot);
        std::atomic_ref(available[1]).store(static_cast<std::uint16_t>(i + 1), std::memory_order_release);
    }
    device.join();
    EXPECT_EQ(ring_.used_index(), kRequests);
}

}  // namespace
}  // namespace hospes::virtio
