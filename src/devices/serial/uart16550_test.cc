#include "devices/serial/uart16550.h"

#include <gtest/gtest.h>

#include <string>

namespace hospes::devices {
namespace {

struct Line final : bus::InterruptLine {
    void set(bool asserted) override { level = asserted; }
    bool level = false;
};

struct Peer final : SerialPeer {
    void transmit(std::uint8_t byte) override { text.push_back(static_cast<char>(byte)); }
    bool can_transmit() const override { return ready; }
    void input_taken() override { ++taken; }
    std::string text;
    bool ready = true;
    int taken = 0;
};

struct UartTest : testing::Test {
    std::uint64_t in(unsigned offset) { return uart.read(offset, 1); }
    void out(unsigned offset, unsigned value) { uart.write(offset, value, 1); }
    Line line;
    Peer peer;
    Uart16550 uart{line, peer};
};

TEST_F(UartTest, TransmitsAndIsAlwaysEmpty) {
    for (const char c : std::string("hello")) out(0, static_cast<unsigned char>(c));
    EXPECT_EQ(peer.text, "hello");
    EXPECT_EQ(in(5), 0x60u);
    peer.ready = false;
    EXPECT_EQ(in(5), 0u);
}

TEST_F(UartTest, DivisorLatchHidesDataAndIer) {
    out(3, 0x80);
    out(0, 1);
    out(1, 2);
    EXPECT_EQ(in(0), 1u);
    EXPECT_EQ(in(1), 2u);
    out(3, 3);
    EXPECT_EQ(in(1), 0u);
    EXPECT_EQ(peer.text, "");
}

TEST_F(UartTest, IsA16550AToLinux) {
    out(7, 0x5a);
    EXPECT_EQ(in(7), 0x5au);
    out(1, 0x0f);
    EXPECT_EQ(in(1), 0x0fu);
    out(2, 1);
    EXPECT_EQ(in(2) & 0xc0, 0xc0u);
    out(2, 0);
    EXPECT_EQ(in(2) & 0xc0, 0u);
    out(4, 0x1a);  // loop-back with RTS and OUT2: size_fifo and the existence test
    EXPECT_EQ(in(6) & 0xf0, 0x90u);
}

TEST_F(UartTest, TransmitterInterruptComesOnEnableAndAfterEachByteAndGoesByReadingIir) {
    out(4, 8);
    out(1, 2);
    EXPECT_TRUE(line.level);
    EXPECT_EQ(in(2), 2u);
    EXPECT_FALSE(line.level);
    EXPECT_EQ(in(2), 1u);
    out(0, 'x');
    EXPECT_TRUE(line.level);
    out(1, 0);
    EXPECT_FALSE(line.level);
}

TEST_F(UartTest, BusyPeerHoldsTheTransmitterInterruptBack) {
    out(4, 8);
    out(1, 2);
    in(2);
    peer.ready = false;
    out(0, 'x');
    EXPECT_FALSE(line.level);
    peer.ready = true;
    uart.transmitter_ready();
    EXPECT_TRUE(line.level);
}

TEST_F(UartTest, ReceivesThroughTheFifo) {
    out(2, 0x81);  // trigger at 8
    out(4, 8);
    out(1, 1);
    EXPECT_EQ(uart.room(), 16u);
    for (unsigned i = 0; i < 8; ++i) uart.receive(static_cast<std::uint8_t>('a' + i));
    EXPECT_TRUE(line.level);
    EXPECT_EQ(in(2), 0xc4u);
    EXPECT_EQ(in(0), 'a');
    EXPECT_EQ(in(2), 0xccu);  // below the trigger: time-out
    for (unsigned i = 1; i < 8; ++i) EXPECT_EQ(in(0), 'a' + i);
    EXPECT_FALSE(line.level);
    EXPECT_EQ(in(5) & 1, 0u);
    EXPECT_GE(peer.taken, 1);
}

TEST_F(UartTest, OverrunIsReportedOnce) {
    uart.receive('a');
    EXPECT_EQ(uart.room(), 0u);
    uart.receive('b');
    EXPECT_EQ(in(5) & 3, 3u);
    EXPECT_EQ(in(5) & 3, 1u);
    EXPECT_EQ(in(0), 'a');
}

TEST_F(UartTest, InterruptsNeedOut2) {
    out(1, 1);
    uart.receive('a');
    EXPECT_FALSE(line.level);
    out(4, 8);
    EXPECT_TRUE(line.level);
}

TEST_F(UartTest, LoopbackReturnsBytesAndModemDeltas) {
    out(4, 0x10);
    in(6);
    out(0, 'z');
    EXPECT_EQ(peer.text, "");
    EXPECT_EQ(in(0), 'z');
    out(4, 0x12);
    EXPECT_EQ(in(6), 0x11u);
    EXPECT_EQ(in(6), 0x10u);
}

TEST_F(UartTest, FcrClearsTheReceiver) {
    out(2, 1);
    uart.receive('a');
    out(2, 3);
    EXPECT_EQ(in(5) & 1, 0u);
}

}  // namespace
}  // namespace hospes::devices
