#include "machine/board/halting.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

namespace hospes::machine {
namespace {

class HaltingTest : public testing::Test {
  protected:
    HaltingTest() {
        halting_.connect([] {},
                         [this](const Halting::Reason& reason) {
                             ++stops_;
                             reason_ = reason;
                             stopped_.notify_all();
                         });
        for (unsigned index = 0; index < 2; ++index) {
            threads_.emplace_back([this, index] {
                halting_.stand(index, lock_, ending_);
                ++through_;
            });
        }
    }
    ~HaltingTest() override {
        for (std::thread& thread : threads_) thread.join();
    }
    void await_stop(std::unique_lock<bus::MachineLock>& guard, unsigned count) {
        stopped_.wait(guard, [&] { return stops_ == count; });
    }

    bus::MachineLock lock_;
    Ending ending_;
    Halting halting_{2, true};
    std::condition_variable stopped_;
    unsigned stops_ = 0;
    Halting::Reason reason_;
    std::atomic<unsigned> through_{0};
    std::vector<std::thread> threads_;
};

TEST_F(HaltingTest, OneGoesAndTheOtherStays) {
    std::unique_lock guard(lock_);
    await_stop(guard, 1);
    EXPECT_FALSE(reason_.debug.has_value());
    halting_.resume({true, false});
    EXPECT_FALSE(halting_.all_stopped());
    guard.unlock();
    threads_[0].join();
    threads_.erase(threads_.begin());
    EXPECT_EQ(through_, 1u);
    EXPECT_TRUE(halting_.wanted(1));
    guard.lock();
    halting_.disconnect();
}

TEST_F(HaltingTest, HeldAgainBeforeTheyHaveGone) {
    std::unique_lock guard(lock_);
    await_stop(guard, 1);
    halting_.resume({true, true});
    halting_.stop_all();
    await_stop(guard, 2);
    EXPECT_EQ(through_, 0u);
    halting_.resume({true, true});
}

TEST_F(HaltingTest, TheFirstOneThatReportsIsTheReason) {
    std::unique_lock guard(lock_);
    await_stop(guard, 1);
    halting_.resume({true, true});
    guard.unlock();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    halting_.report(1, {cpu::DebugEvent::Code, {}}, lock_);
    halting_.report(0, {cpu::DebugEvent::Step, {}}, lock_);
    for (unsigned index = 0; index < 2; ++index) {
        threads_.emplace_back([this, index] { halting_.stand(index, lock_, ending_); });
    }
    guard.lock();
    await_stop(guard, 2);
    EXPECT_EQ(reason_.vcpu, 1u);
    ASSERT_TRUE(reason_.debug.has_value());
    EXPECT_EQ(reason_.debug->event, cpu::DebugEvent::Code);
    ending_.power_off();
    halting_.release();
}

}  // namespace
}  // namespace hospes::machine
