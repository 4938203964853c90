#include "virtio/console/device.h"

#include <gtest/gtest.h>

#include <string>

#include "virtio/transport/test_driver.h"

namespace hospes::virtio::console {
namespace {

constexpr Gpa kData = 0x400000;

struct FakeBackend final : Backend {
    std::size_t output(std::span<const iovec> data) override {
        for (const iovec& part : data) written.append(static_cast<const char*>(part.iov_base), part.iov_len);
        return total_length(data);
    }
    std::size_t input(std::span<const iovec> data) override {
        const std::size_t count = copy_in(data, 0, typed.data(), typed.size());
        typed.erase(0, count);
        return count;
    }
    void want_input(bool wanted_now, std::function<void()> ready_now) override {
        wanted = wanted_now;
        ready = std::move(ready_now);
    }
    void guest_opened(bool now) override { open = now; }
    void type(const std::string& text) {
        typed += text;
        if (wanted) ready();
    }

    std::string written, typed;
    bool wanted = false, open = false;
    std::function<void()> ready;
};

class ConsoleTest : public ::testing::Test {
  protected:
    void create(unsigned count) {
        std::vector<PortSetup> ports;
        for (unsigned i = 0; i < count; ++i) {
            auto backend = std::make_unique<FakeBackend>();
            backends_.push_back(backend.get());
            ports.push_back({i == 0 ? "" : "port" + std::to_string(i), std::move(backend)});
        }
        driver_ = std::make_unique<TestDriver>(Device::create(std::move(ports)));
    }
    void give_buffer(unsigned queue, unsigned index, std::uint32_t length) {
        driver_->rings[queue]->add({{buffer(queue, index), length, true}}, index);
        driver_->kick(queue);
    }
    static Gpa buffer(unsigned queue, unsigned index) { return kData + 0x10000 * queue + 0x100 * index; }
    void control(std::uint32_t port, std::uint16_t event, std::uint16_t value) {
        driver_->put(kData, ControlMessage{port, event, value});
        driver_->rings[kControlTransmit]->add({{kData, 8, false}});
        driver_->kick(kControlTransmit);
    }
    std::string text(Gpa gpa, std::size_t length) {
        return std::string(reinterpret_cast<const char*>(driver_->ram->host(gpa, length)), length);
    }

    std::vector<FakeBackend*> backends_;
    std::unique_ptr<TestDriver> driver_;
};

TEST_F(ConsoleTest, Output) {
    create(1);
    driver_->start(0, 2);
    driver_->ram->write(kData, "hello world", 11);
    driver_->rings[1]->add({{kData, 6, false}, {kData + 6, 5, false}});
    driver_->kick(1);
    EXPECT_EQ(backends_[0]->written, "hello world");
    EXPECT_EQ(driver_->rings[1]->used(0).length, 0u);
}

TEST_F(ConsoleTest, InputWaitsForBuffersAndBuffersForInput) {
    create(1);
    driver_->start(0, 2);
    EXPECT_FALSE(backends_[0]->wanted);
    backends_[0]->type("abc");
    give_buffer(0, 0, 2);
    EXPECT_EQ(driver_->rings[0]->used(0).length, 2u);
    EXPECT_EQ(text(buffer(0, 0), 2), "ab");
    EXPECT_FALSE(backends_[0]->wanted) << "no room";
    give_buffer(0, 1, 16);
    EXPECT_EQ(text(buffer(0, 1), 1), "c");
    give_buffer(0, 2, 16);
    EXPECT_TRUE(backends_[0]->wanted);
    EXPECT_EQ(driver_->rings[0]->used_index(), 2);
    backends_[0]->type("later");
    EXPECT_EQ(driver_->rings[0]->used(2).length, 5u);
    EXPECT_EQ(text(buffer(0, 2), 5), "later");
    EXPECT_FALSE(backends_[0]->wanted);
}

TEST_F(ConsoleTest, ResetForgetsBuffers) {
    create(1);
    driver_->start(0, 2);
    give_buffer(0, 0, 16);
    EXPECT_TRUE(backends_[0]->wanted);
    driver_->set_status(0);
    EXPECT_FALSE(backends_[0]->wanted);
    driver_->start(0, 2);
    give_buffer(0, 1, 16);
    backends_[0]->type("x");
    EXPECT_EQ(driver_->rings[0]->used(0).id, 1u);
}

TEST_F(ConsoleTest, EmptyBufferIsAnError) {
    create(1);
    driver_->start(0, 2);
    driver_->rings[0]->add({{kData, 8, false}});
    driver_->kick(0);
    EXPECT_TRUE(driver_->needs_reset());
}

TEST_F(ConsoleTest, MultiportHandshake) {
    create(2);
    EXPECT_EQ(driver_->memory.read(TestDriver::kConfig + 4, 4), 2u);
    driver_->start(feature::kMultiport, 6);
    for (unsigned i = 0; i < 16; ++i) give_buffer(kControlReceive, i, 64);
    control(0, event::kDeviceReady, 1);
    control(0, event::kPortReady, 1);
    control(1, event::kPortReady, 1);
    const ControlMessage expected[] = {{0, event::kPortAdd, 1},  {1, event::kPortAdd, 1},  {0, event::kConsolePort, 1},
                                       {0, event::kPortOpen, 1}, {1, event::kPortOpen, 1}, {1, event::kPortName, 1}};
    ASSERT_EQ(driver_->rings[kControlReceive]->used_index(), 6);
    for (unsigned i = 0; i < 6; ++i) {
        const auto message = driver_->get<ControlMessage>(buffer(kControlReceive, i));
        EXPECT_EQ(message.port, expected[i].port) << i;
        EXPECT_EQ(message.event, expected[i].event) << i;
    }
    EXPECT_EQ(driver_->rings[kControlReceive]->used(5).length, 8u + 5u);
    EXPECT_EQ(text(buffer(kControlReceive, 5) + 8, 5), "port1");
}

TEST_F(ConsoleTest, NamedPortCarriesDataWhenOpen) {
    create(2);
    driver_->start(feature::kMultiport, 6);
    backends_[1]->type("in");
    give_buffer(receive_queue(1), 0, 16);
    EXPECT_EQ(driver_->rings[receive_queue(1)]->used_index(), 0);
    control(1, event::kPortOpen, 1);
    EXPECT_TRUE(backends_[1]->open);
    EXPECT_EQ(driver_->rings[receive_queue(1)]->used_index(), 1);
    driver_->ram->write(kData, "out", 3);
    driver_->rings[transmit_queue(1)]->add({{kData, 3, false}});
    driver_->kick(transmit_queue(1));
    EXPECT_EQ(backends_[1]->written, "out");
    EXPECT_EQ(backends_[0]->written, "");
    control(1, event::kPortOpen, 0);
    EXPECT_FALSE(backends_[1]->open);
    EXPECT_FALSE(backends_[1]->wanted);
}

TEST_F(ConsoleTest, WithoutMultiportOnlyTheConsole) {
    create(2);
    driver_->start(0, 6);
    backends_[0]->type("x");
    give_buffer(0, 0, 16);
    EXPECT_EQ(driver_->rings[0]->used_index(), 1);
    driver_->rings[transmit_queue(1)]->add({{kData, 3, false}});
    driver_->kick(transmit_queue(1));
    EXPECT_EQ(backends_[1]->written, "");
}

TEST_F(ConsoleTest, HostileControlMessages) {
    create(2);
    driver_->start(feature::kMultiport, 6);
    for (int i = 0; i < 1000; ++i) control(0, event::kDeviceReady, 1);
    control(2, event::kPortOpen, 1);
    control(~0u, event::kPortReady, 1);
    control(1, 99, 99);
    EXPECT_FALSE(driver_->needs_reset());
    give_buffer(kControlReceive, 0, 4);  // too small for a message: cut
    EXPECT_EQ(driver_->rings[kControlReceive]->used(0).length, 4u);
    driver_->rings[kControlTransmit]->add({{kData, 7, false}});
    driver_->kick(kControlTransmit);
    EXPECT_TRUE(driver_->needs_reset());
}

}  // namespace
}  // namespace hospes::virtio::console
