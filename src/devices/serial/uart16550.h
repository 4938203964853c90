// The 16550A UART (National Semiconductor PC16550D data sheet), without the time that bits take on a wire.
#pragma once

#include <array>
#include <cstdint>

#include "bus/interrupt_line.h"
#include "bus/io_device.h"

namespace hospes::devices {

// The other end of the serial cable. Called with the machine lock held.
class SerialPeer {
  public:
    virtual ~SerialPeer() = default;
    virtual void transmit(std::uint8_t byte) = 0;
    // False: the transmitter reports that it is busy.
    virtual bool can_transmit() const = 0;
    // The guest took input: Uart16550::room() may have grown.
    virtual void input_taken() = 0;
};

class Uart16550 final : public bus::IoDevice {
  public:
    static constexpr unsigned kFifoSize = 16;

    // 8 ports.
    Uart16550(bus::InterruptLine& line, SerialPeer& peer) : line_(line), peer_(peer) {}

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 1; }

    // How many bytes receive() takes now without loss.
    unsigned room() const { return capacity() - received_; }
    void receive(std::uint8_t byte);
    // The peer can transmit again.
    void transmitter_ready();

  private:
    bool divisor_access() const { return (lcr_ & 0x80) != 0; }
    bool loopback() const { return (mcr_ & 0x10) != 0; }
    bool fifo_enabled() const { return (fcr_ & 1) != 0; }
    unsigned capacity() const { return fifo_enabled() ? kFifoSize : 1; }
    unsigned trigger() const;

    void transmit(std::uint8_t byte);
    std::uint8_t take_received();
    std::uint8_t interrupt_identification() const;
    std::uint8_t read_iir();
    std::uint8_t line_status() const;
    std::uint8_t modem_lines() const;
    void write_ier(std::uint8_t value);
    void write_fcr(std::uint8_t value);
    void write_mcr(std::uint8_t value);
    void update_line();

    bus::InterruptLine& line_;
    SerialPeer& peer_;
    std::uint8_t ier_ = 0, fcr_ = 0, lcr_ = 0, mcr_ = 0, scratch_ = 0;
    std::uint8_t modem_deltas_ = 0;
    std::uint8_t divisor_low_ = 12, divisor_high_ = 0;  // 9600 baud
    bool overrun_ = false;
    bool transmitter_interrupt_ = false;  // THR became empty and nobody looked
    std::array<std::uint8_t, kFifoSize> fifo_{};
    unsigned first_ = 0, received_ = 0;
};

}  // namespace hospes::devices
