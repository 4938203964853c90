#include "base/event/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <thread>

namespace hospes {
namespace {

struct Fixture : testing::Test {
    std::mutex lock;
    std::unique_ptr<EventLoop> loop = EventLoop::create(lock).take();
};

using EventLoopTest = Fixture;

TEST_F(EventLoopTest, TimersFireInOrderAndNotBeforeTheirDeadline) {
    std::vector<int> order;
    const Nanoseconds start = loop->now();
    auto late = loop->create_timer([&] {
        order.push_back(2);
        loop->stop();
    });
    auto early = loop->create_timer([&] { order.push_back(1); });
    auto never = loop->create_timer([&] { order.push_back(3); });
    late->arm(start + 4'000'000);
    early->arm(start + 2'000'000);
    never->arm(start + 1'000'000);
    never->disarm();
    loop->run();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_GE(loop->now(), start + 4'000'000);
}

TEST_F(EventLoopTest, ATimerMayRearmItself) {
    int fired = 0;
    std::unique_ptr<Timer> timer;
    timer = loop->create_timer([&] {
        if (++fired == 3) return loop->stop();
        timer->arm(loop->now() + 100'000);
    });
    timer->arm(0);
    loop->run();
    EXPECT_EQ(fired, 3);
}

TEST_F(EventLoopTest, CallbacksHoldTheLock) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    bool held = false;
    ASSERT_TRUE(loop->watch(ends[0], EPOLLIN,
                            [&](std::uint32_t) {
                                std::thread([&] { held = !lock.try_lock(); }).join();
                                loop->unwatch(ends[0]);
                                loop->stop();
                            })
                    .ok());
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    loop->run();
    EXPECT_TRUE(held);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(EventLoopTest, BorrowedTimersAreServedByTheBorrower) {
    int fired = 0;
    auto timer = loop->create_timer([&] { ++fired; });
    timer->arm(loop->now() + 1'000'000);
    std::thread thread([&] { loop->run(); });
    {
        std::unique_lock guard(lock);
        ASSERT_TRUE(loop->borrow_timers().has_value());
        guard.unlock();
        ::usleep(5000);
        guard.lock();
        EXPECT_EQ(fired, 0);
        loop->run_due_timers();
        EXPECT_EQ(fired, 1);
        timer->arm(loop->now() + 1'000'000);
        loop->return_timers();
    }
    ::usleep(20000);
    loop->stop();
    thread.join();
    EXPECT_EQ(fired, 2);
}

TEST(WakeDelay, IsLearntUpToItsBound) {
    WakeDelay delay;
    EXPECT_EQ(delay.expected(), 0u);
    for (unsigned i = 0; i < 60; ++i) delay.learn(80'000);
    EXPECT_NEAR(static_cast<double>(delay.expected()), 80'000, 100);
    for (unsigned i = 0; i < 200; ++i) delay.learn(10'000'000'000);
    EXPECT_NEAR(static_cast<double>(delay.expected()), 150'000, 100);
    for (unsigned i = 0; i < 200; ++i) delay.learn(5'000);
    EXPECT_NEAR(static_cast<double>(delay.expected()), 5'000, 100);
}

// Near and far deadlines in turn, so that the expected delay is more than is left for some.
TEST_F(EventLoopTest, NoTimerFiresBeforeItsDeadline) {
    unsigned fired = 0, early = 0;
    Nanoseconds deadline = 0;
    std::unique_ptr<Timer> timer;
    const auto arm = [&] {
        deadline = loop->now() + (10'000u << fired % 8);
        timer->arm(deadline);
    };
    timer = loop->create_timer([&] {
        if (loop->now() < deadline) ++early;
        if (++fired == 200) return loop->stop();
        arm();
    });
    arm();
    loop->run();
    EXPECT_EQ(fired, 200u);
    EXPECT_EQ(early, 0u);
}

}  // namespace
}  // namespace hospes
