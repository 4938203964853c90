#include "virtio/console/socket_backend.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace hospes::virtio::console {
namespace {

class SocketBackendTest : public ::testing::Test {
  protected:
    SocketBackendTest() {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
        backend_ = std::make_unique<SocketBackend>(ends_[0], *loop_);
    }
    ~SocketBackendTest() override {
        backend_.reset();
        for (const int end : ends_) ::close(end);
    }
    std::size_t output(const std::string& text) {
        const iovec part{const_cast<char*>(text.data()), text.size()};
        return backend_->output({&part, 1});
    }
    std::string input() {
        char data[16];
        const iovec part{data, sizeof data};
        return std::string(data, backend_->input({&part, 1}));
    }
    // What the peer gets; "" at the end of output.
    std::string receive(std::size_t most = 1 << 20) {
        std::string text(most, 0);
        const ssize_t count = ::recv(ends_[1], text.data(), most, 0);
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
    }
    void close_peer() {
        ::close(ends_[1]);
        ends_[1] = -1;
    }

    std::mutex lock_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create(lock_).take();
    int ends_[2];
    std::unique_ptr<SocketBackend> backend_;
};

TEST_F(SocketBackendTest, TakesWhatTheSocketTakes) {
    const std::string much(8 << 20, 'x');
    std::size_t taken = output(much);
    while (const std::size_t now = output(much)) taken += now;
    EXPECT_GT(taken, 0u);
    EXPECT_LT(taken, much.size());
    std::size_t got = 0;
    bool ended = false;
    backend_->want_output(true, [&] {
        const std::size_t more = std::min(much.size() - taken, output(much.substr(taken)));
        taken += more;
        if (taken < much.size()) return;
        backend_->want_output(false, nullptr);
        backend_->guest_opened(false);
        loop_->stop();
        ended = true;
    });
    std::thread reader([&] {
        while (got < much.size()) got += receive().size();
        EXPECT_EQ(receive(), "") << "the end of output";
    });
    loop_->run();
    reader.join();
    EXPECT_TRUE(ended);
    EXPECT_EQ(got, much.size());
}

TEST_F(SocketBackendTest, InputUntilItsEnd) {
    EXPECT_EQ(input(), "");
    EXPECT_FALSE(backend_->input_ended());
    ASSERT_EQ(::send(ends_[1], "abc", 3, 0), 3);
    ::shutdown(ends_[1], SHUT_WR);
    EXPECT_EQ(input(), "abc");
    EXPECT_FALSE(backend_->input_ended());
    EXPECT_EQ(input(), "");
    EXPECT_TRUE(backend_->input_ended());
    EXPECT_EQ(output("still"), 5u);
    EXPECT_EQ(receive(), "still");
}

TEST_F(SocketBackendTest, CallsWhenInputComes) {
    std::string got;
    backend_->want_input(true, [&] {
        got += input();
        if (backend_->input_ended()) loop_->stop();
    });
    std::thread typist([&] {
        EXPECT_EQ(::send(ends_[1], "xyz", 3, 0), 3);
        close_peer();
    });
    loop_->run();
    typist.join();
    EXPECT_EQ(got, "xyz");
    backend_->want_input(false, nullptr);
}

TEST_F(SocketBackendTest, OutputToNobodyIsDropped) {
    close_peer();
    EXPECT_EQ(output("lost"), 4u);
    EXPECT_EQ(output("lost, too"), 9u);
    EXPECT_EQ(input(), "");
    EXPECT_TRUE(backend_->input_ended());
}

// The peer goes while unread bytes wait on both sides: ECONNRESET.
TEST_F(SocketBackendTest, ResetByThePeer) {
    EXPECT_EQ(output("unread"), 6u);
    close_peer();
    EXPECT_EQ(input(), "");
    EXPECT_TRUE(backend_->input_ended());
    EXPECT_EQ(output("lost"), 4u);
}

TEST_F(SocketBackendTest, OneTurnMovesABoundedAmount) {
    const std::vector<char> junk(64 << 10, 'x');
    std::size_t moved = 0, now = 0;
    do {
        ASSERT_EQ(::send(ends_[1], junk.data(), junk.size(), 0), static_cast<ssize_t>(junk.size()));
        std::vector<char> data(junk.size());
        const iovec part{data.data(), data.size()};
        now = backend_->input({&part, 1});
        moved += now;
    } while (now > 0 && moved < (16u << 20));
    EXPECT_LT(moved, 1u << 20);
    EXPECT_FALSE(backend_->input_ended());
    backend_->want_input(true, [&] {
        EXPECT_NE(input(), "") << "the next turn";
        loop_->stop();
    });
    loop_->run();
    backend_->want_input(false, nullptr);
}

}  // namespace
}  // namespace hospes::virtio::console
