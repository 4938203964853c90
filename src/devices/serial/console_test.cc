#include "devices/serial/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace hospes::devices {
namespace {

struct Pipe {
    Pipe() { EXPECT_EQ(::pipe(ends), 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::string read_some() {
        char text[4096];
        const ssize_t count = ::read(ends[0], text, sizeof text);
        return std::string(text, count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    int ends[2];
};

// The loop in a thread of its own, as in the VMM.
struct ConsoleTest : testing::Test {
    ~ConsoleTest() override {
        loop->stop();
        thread.join();
    }
    std::mutex lock;
    std::unique_ptr<EventLoop> loop = EventLoop::create(lock).take();
    std::thread thread{[this] { loop->run(); }};
    Pipe input, output;
    bus::UnconnectedLine line;
};

TEST_F(ConsoleTest, ALineIsWrittenAtItsEndAndTheRestALittleLater) {
    std::unique_lock guard(lock);
    Console console(*loop, -1, output.ends[1]);
    for (const char c : std::string("one\ntwo")) console.transmit(static_cast<std::uint8_t>(c));
    EXPECT_EQ(output.read_some(), "one\n");
    guard.unlock();
    EXPECT_EQ(output.read_some(), "two");
    guard.lock();
}

TEST_F(ConsoleTest, ASlowReaderMakesTheTransmitterBusyAndLosesNothing) {
    std::unique_lock guard(lock);
    auto console = std::make_unique<Console>(*loop, -1, output.ends[1]);
    std::size_t sent = 0;
    while (console->can_transmit()) console->transmit(static_cast<std::uint8_t>(sent++ % 64 == 63 ? '\n' : 'x'));
    EXPECT_GE(sent, 100u << 10);  // the pipe's and ours
    guard.unlock();
    std::size_t got = 0;
    while (got < sent) got += output.read_some().size();
    guard.lock();
    EXPECT_EQ(got, sent);
    EXPECT_TRUE(console->can_transmit());
    console.reset();
}

TEST_F(ConsoleTest, InputArrivesNoFasterThanTheGuestReads) {
    std::string sent, got;
    for (int i = 0; i < 100; ++i) sent += static_cast<char>('0' + i % 10);
    ASSERT_EQ(::write(input.ends[1], sent.data(), sent.size()), 100);
    std::unique_lock guard(lock);
    Console console(*loop, input.ends[0], output.ends[1]);
    Uart16550 uart(line, console);
    uart.write(2, 1, 1);
    console.connect(uart);
    while (got.size() < sent.size()) {
        guard.unlock();
        std::this_thread::yield();
        guard.lock();
        while (uart.read(5, 1) & 1) got += static_cast<char>(uart.read(0, 1));
    }
    EXPECT_EQ(got, sent);
    EXPECT_EQ(uart.read(5, 1) & 2, 0u);
}

TEST_F(ConsoleTest, AFileOrNothingAsInputIsFine) {
    const int fd = ::open("/dev/null", O_RDONLY);
    {
        const std::lock_guard guard(lock);
        Console console(*loop, fd, output.ends[1]);
        Uart16550 uart(line, console);
        console.connect(uart);
        uart.write(2, 1, 1);
        uart.write(2, 3, 1);
        EXPECT_EQ(uart.read(5, 1) & 1, 0u);
    }
    ::close(fd);
}

}  // namespace
}  // namespace hospes::devices
