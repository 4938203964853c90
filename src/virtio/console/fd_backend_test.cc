#include "virtio/console/fd_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>
#include <thread>

namespace hospes::virtio::console {
namespace {

class FdBackendTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(::pipe(in_), 0);
        ASSERT_EQ(::pipe(out_), 0);
    }
    void TearDown() override {
        for (const int fd : {in_[0], in_[1], out_[0], out_[1]}) ::close(fd);
    }

    std::mutex lock_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create(lock_).take();
    int in_[2], out_[2];
    char data_[16] = {};
    iovec part_{data_, sizeof data_};
};

TEST_F(FdBackendTest, OutputIsComplete) {
    FdBackend backend(out_[1], -1, nullptr);
    char text[] = "abcdef";
    const iovec parts[] = {{text, 2}, {text + 2, 4}};
    backend.output(parts);
    EXPECT_EQ(::read(out_[0], data_, sizeof data_), 6);
    EXPECT_STREQ(data_, "abcdef");
}

TEST_F(FdBackendTest, InputDoesNotWait) {
    FdBackend backend(-1, in_[0], loop_.get());
    EXPECT_EQ(backend.input({&part_, 1}), 0u);
    ASSERT_EQ(::write(in_[1], "xyz", 3), 3);
    EXPECT_EQ(backend.input({&part_, 1}), 3u);
    EXPECT_EQ(backend.input({&part_, 1}), 0u);
}

TEST_F(FdBackendTest, CallsWhenInputComesUntilItsEnd) {
    FdBackend backend(-1, in_[0], loop_.get());
    std::string got;
    const std::function<void()> ready = [&] {
        got.append(data_, backend.input({&part_, 1}));
        if (got.size() == 3) {
            ::close(in_[1]);
            in_[1] = ::dup(in_[0]);
            loop_->stop();
        }
    };
    {
        const std::lock_guard guard(lock_);
        backend.want_input(true, ready);
    }
    std::thread typist([&] { EXPECT_EQ(::write(in_[1], "xyz", 3), 3); });
    loop_->run();
    typist.join();
    EXPECT_EQ(got, "xyz");
    EXPECT_EQ(backend.input({&part_, 1}), 0u) << "end of input";
    EXPECT_EQ(backend.input({&part_, 1}), 0u);
}

}  // namespace
}  // namespace hospes::virtio::console
