// Flow control and both half-closes of a named port, through the device.
#include "virtio/console/port.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "virtio/console/device.h"
#include "virtio/transport/test_driver.h"

namespace hospes::virtio::console {
namespace {

constexpr Gpa kData = 0x400000, kControlBuffers = 0x500000;
constexpr unsigned kReceive = receive_queue(1), kTransmit = transmit_queue(1);

// A peer that takes `room` bytes and no more.
struct NarrowBackend final : Backend {
    std::size_t output(std::span<const iovec> data) override {
        std::size_t taken = 0;
        for (const iovec& part : data) {
            const std::size_t count = std::min(part.iov_len, room);
            written.append(static_cast<const char*>(part.iov_base), count);
            room -= count;
            taken += count;
        }
        return taken;
    }
    std::size_t input(std::span<const iovec> data) override {
        const std::size_t count = copy_in(data, 0, typed.data(), typed.size());
        typed.erase(0, count);
        return count;
    }
    bool input_ended() const override { return ended && typed.empty(); }
    void want_input(bool wanted, std::function<void()> call) override { input_ready = wanted ? call : nullptr; }
    void want_output(bool wanted, std::function<void()> call) override { output_ready = wanted ? call : nullptr; }
    void guest_opened(bool now) override { (now ? opened : closed)++; }
    void take(std::size_t count) {
        room += count;
        const auto call = output_ready;
        if (call) call();
    }

    std::string written, typed;
    std::size_t room = 0;
    bool ended = false;
    int opened = 0, closed = 0;
    std::function<void()> input_ready, output_ready;
};

class PortTest : public ::testing::Test {
  protected:
    PortTest() {
        std::vector<PortSetup> ports;
        ports.push_back({"", std::make_unique<NarrowBackend>()});
        auto backend = std::make_unique<NarrowBackend>();
        peer_ = backend.get();
        ports.push_back({"agent", std::move(backend)});
        driver_ = std::make_unique<TestDriver>(Device::create(std::move(ports)));
        driver_->start(feature::kMultiport, 6);
        give_control_buffers();
        open(1);
    }
    // From the last descriptor on, so that they are told from those of the other control queue.
    void give_control_buffers() {
        for (unsigned i = 0; i < 15; ++i) {
            driver_->rings[kControlReceive]->add({{kControlBuffers + 64 * i, 64, true}}, 15 - i);
        }
        driver_->kick(kControlReceive);
    }
    void open(std::uint16_t value) {
        driver_->put(kData, ControlMessage{1, event::kPortOpen, value});
        driver_->rings[kControlTransmit]->add({{kData, 8, false}});
        driver_->kick(kControlTransmit);
    }
    // The guest writes; whether the device gave the buffer back.
    void write(const std::string& text, unsigned index) {
        const Gpa at = kData + 0x1000 + 0x100 * index;
        driver_->ram->write(at, text.data(), text.size());
        driver_->rings[kTransmit]->add({{at, static_cast<std::uint32_t>(text.size()), false}}, index);
        driver_->kick(kTransmit);
    }
    void give_buffer(unsigned index, std::uint32_t length) {
        driver_->rings[kReceive]->add({{kData + 0x8000 + 0x100 * index, length, true}}, index);
        driver_->kick(kReceive);
    }
    int taken() { return driver_->rings[kTransmit]->used_index(); }
    int received() { return driver_->rings[kReceive]->used_index(); }
    // How often the guest was told that the host's side is closed.
    int host_closed() {
        int count = 0;
        for (unsigned i = 0; i < driver_->rings[kControlReceive]->used_index(); ++i) {
            const auto message = driver_->get<ControlMessage>(kControlBuffers + 64 * i);
            count += message.port == 1 && message.event == event::kPortOpen && message.value == 0;
        }
        return count;
    }

    NarrowBackend* peer_ = nullptr;
    std::unique_ptr<TestDriver> driver_;
};

TEST_F(PortTest, OutputWaitsInTheRing) {
    peer_->room = 4;
    write("abcdef", 0);
    write("ghi", 1);
    EXPECT_EQ(peer_->written, "abcd");
    EXPECT_EQ(taken(), 0);
    peer_->take(1);
    EXPECT_EQ(peer_->written, "abcde");
    EXPECT_EQ(taken(), 0);
    peer_->take(2);
    EXPECT_EQ(peer_->written, "abcdefg");
    EXPECT_EQ(taken(), 1);
    peer_->take(100);
    EXPECT_EQ(peer_->written, "abcdefghi");
    EXPECT_EQ(taken(), 2);
    EXPECT_FALSE(peer_->output_ready);
}

TEST_F(PortTest, ClosesAfterTheLastByteOfOutput) {
    write("abc", 0);
    write("def", 1);
    open(0);
    EXPECT_EQ(peer_->closed, 0);
    peer_->take(5);
    EXPECT_EQ(peer_->closed, 0);
    peer_->take(1);
    EXPECT_EQ(peer_->written, "abcdef");
    EXPECT_EQ(peer_->closed, 1);
    open(0);
    EXPECT_EQ(peer_->closed, 1);
}

TEST_F(PortTest, OpenedAgainBeforeTheLastByte) {
    write("abc", 0);
    open(0);
    open(1);
    peer_->take(3);
    EXPECT_EQ(peer_->closed, 0);
    EXPECT_EQ(peer_->opened, 2);
}

TEST_F(PortTest, EndOfInputComesAfterTheInput) {
    peer_->typed = "abcdef";
    peer_->ended = true;
    give_buffer(0, 4);
    EXPECT_EQ(host_closed(), 0);
    give_buffer(1, 4);
    EXPECT_EQ(received(), 2);
    EXPECT_EQ(driver_->rings[kReceive]->used(1).length, 2u);
    EXPECT_EQ(host_closed(), 1);
    EXPECT_FALSE(peer_->input_ready);
    give_buffer(2, 4);
    open(0);
    open(1);
    EXPECT_EQ(host_closed(), 1);
}

TEST_F(PortTest, InputEndsBeforeTheGuestOpens) {
    open(0);
    peer_->ended = true;
    give_buffer(0, 4);
    const int taken_before = driver_->rings[kControlTransmit]->used_index();
    open(1);
    EXPECT_EQ(host_closed(), 1);
    EXPECT_EQ(driver_->rings[kControlTransmit]->used_index(), taken_before + 1);
    EXPECT_EQ(driver_->rings[kControlTransmit]->used(static_cast<unsigned>(taken_before)).id, 0u);
    EXPECT_EQ(driver_->rings[kControlReceive]->used(0).id, 15u);
    open(0);
    EXPECT_FALSE(driver_->needs_reset());
}

TEST_F(PortTest, ResetDropsWhatWaits) {
    write("abc", 0);
    driver_->set_status(0);
    EXPECT_FALSE(peer_->output_ready);
    EXPECT_EQ(peer_->closed, 1);
    EXPECT_EQ(peer_->written, "");
    driver_->start(feature::kMultiport, 6);
    peer_->room = 8;
    write("new", 0);
    EXPECT_EQ(peer_->written, "new");
}

// Neither the bound of messages nor the time depends on how often a guest opens and closes.
TEST_F(PortTest, ManyOpensAndCloses) {
    peer_->typed.push_back('x');
    peer_->ended = true;
    write("abc", 0);
    for (int i = 0; i < 1000; ++i) open(static_cast<std::uint16_t>(i % 2));
    give_buffer(0, 1);
    EXPECT_EQ(host_closed(), 1);
    EXPECT_FALSE(driver_->needs_reset());
}

}  // namespace
}  // namespace hospes::virtio::console
