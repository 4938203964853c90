// The serial port's peer: the VMM's standard input and output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/event/event_loop.h"
#include "devices/serial/uart16550.h"

namespace hospes::devices {

// Output is collected and written at each newline and a few milliseconds after anything else. No byte is lost: what the
// descriptor does not take now is kept, and beyond a bound the UART says that it is busy.
class Console final : public SerialPeer {
  public:
    // `input` may be -1. Neither descriptor is owned or made non-blocking (they are shared with other processes).
    Console(EventLoop& loop, int input, int output);
    ~Console() override;

    // The UART that gets the input. Starts to listen.
    void connect(Uart16550& uart);

    void transmit(std::uint8_t byte) override;
    bool can_transmit() const override { return pending_.size() < kBusyAt; }
    void input_taken() override;

    // Writes all that is left, however long that takes.
    void drain();

  private:
    static constexpr std::size_t kBusyAt = 64 << 10;
    static constexpr std::size_t kDropAt = 16 << 20;  // only a guest that ignores "busy" gets there

    void flush();
    void wait_for_output();
    void receive();
    void listen(bool on);

    EventLoop& loop_;
    const int input_, output_;
    Uart16550* uart_ = nullptr;
    std::string pending_;
    std::unique_ptr<Timer> flush_timer_;
    bool flush_armed_ = false;
    bool waiting_for_output_ = false;
    bool listening_ = false;
    bool always_ready_ = false;  // input is a file
    bool end_of_input_ = false;
};

}  // namespace hospes::devices
