#include "devices/serial/uart16550.h"

namespace hospes::devices {

namespace {

enum Offset : std::uint64_t { kData, kIer, kIirFcr, kLcr, kMcr, kLsr, kMsr, kScratch };
constexpr std::uint8_t kReceived = 1, kTransmitterEmpty = 2, kLineStatus = 4, kModemStatus = 8;  // IER
constexpr std::uint8_t kNoInterrupt = 1, kIdModem = 0, kIdTransmitter = 2, kIdReceived = 4,      // IIR
    kIdLineStatus = 6, kIdTimeout = 12, kFifosEnabled = 0xc0;
constexpr std::uint8_t kDataReady = 1, kOverrun = 2, kHoldingEmpty = 0x20, kAllEmpty = 0x40;  // LSR
constexpr std::uint8_t kDtr = 1, kRts = 2, kOut1 = 4, kOut2 = 8;                              // MCR
constexpr std::uint8_t kCts = 0x10, kDsr = 0x20, kRi = 0x40, kDcd = 0x80;                     // MSR

}  // namespace

unsigned Uart16550::trigger() const {
    static constexpr std::uint8_t kLevels[] = {1, 4, 8, 14};
    return fifo_enabled() ? kLevels[fcr_ >> 6] : 1;
}

// In the order of priority of table IV.
std::uint8_t Uart16550::interrupt_identification() const {
    if ((ier_ & kLineStatus) && overrun_) return kIdLineStatus;
    // The character time-out comes at once: there is no wire on which the next character could still be.
    if ((ier_ & kReceived) && received_ != 0) return received_ >= trigger() ? kIdReceived : kIdTimeout;
    if ((ier_ & kTransmitterEmpty) && transmitter_interrupt_) return kIdTransmitter;
    if ((ier_ & kModemStatus) && modem_deltas_ != 0) return kIdModem;
    return kNoInterrupt;
}

// On a PC, OUT2 enables the driver of the interrupt line.
void Uart16550::update_line() {
    const bool enabled = (mcr_ & kOut2) && !loopback();
    line_.set(enabled && interrupt_identification() != kNoInterrupt);
}

std::uint8_t Uart16550::line_status() const {
    std::uint8_t status = received_ != 0 ? kDataReady : 0;
    if (overrun_) status |= kOverrun;
    if (loopback() || peer_.can_transmit()) status |= kHoldingEmpty | kAllEmpty;
    return status;
}

// The modem inputs, MSR bits 7..4: a peer that is always there, or the loop-back of the outputs.
std::uint8_t Uart16550::modem_lines() const {
    if (!loopback()) return kCts | kDsr | kDcd;
    return static_cast<std::uint8_t>((mcr_ & kRts ? kCts : 0) | (mcr_ & kDtr ? kDsr : 0) | (mcr_ & kOut1 ? kRi : 0) |
                                     (mcr_ & kOut2 ? kDcd : 0));
}

void Uart16550::receive(std::uint8_t byte) {
    if (room() == 0) {
        overrun_ = true;
    } else {
        fifo_[(first_ + received_++) % kFifoSize] = byte;
    }
    update_line();
}

void Uart16550::transmitter_ready() {
    transmitter_interrupt_ = true;
    update_line();
}

void Uart16550::transmit(std::uint8_t byte) {
    if (loopback()) {
        receive(byte);
        transmitter_interrupt_ = true;
    } else {
        peer_.transmit(byte);
        transmitter_interrupt_ = peer_.can_transmit();
    }
    update_line();
}

std::uint8_t Uart16550::take_received() {
    if (received_ == 0) return 0;
    const std::uint8_t byte = fifo_[first_];
    first_ = (first_ + 1) % kFifoSize;
    --received_;
    if (received_ == 0) peer_.input_taken();
    update_line();
    return byte;
}

std::uint8_t Uart16550::read_iir() {
    const std::uint8_t identification = interrupt_identification();
    if (identification == kIdTransmitter) {
        transmitter_interrupt_ = false;
        update_line();
    }
    return static_cast<std::uint8_t>(identification | (fifo_enabled() ? kFifosEnabled : 0));
}

std::uint64_t Uart16550::read(std::uint64_t offset, unsigned) {
    switch (offset) {
        case kData: return divisor_access() ? divisor_low_ : take_received();
        case kIer: return divisor_access() ? divisor_high_ : ier_;
        case kIirFcr: return read_iir();
        case kLcr: return lcr_;
        case kMcr: return mcr_;
        case kLsr: {
            const std::uint8_t status = line_status();
            if (overrun_) {
                overrun_ = false;
                update_line();
            }
            return status;
        }
        case kMsr: {
            const std::uint8_t status = modem_lines() | modem_deltas_;
            modem_deltas_ = 0;
            update_line();
            return status;
        }
        default: return scratch_;
    }
}

void Uart16550::write_ier(std::uint8_t value) {
    const bool newly_enabled = (value & kTransmitterEmpty) && !(ier_ & kTransmitterEmpty);
    ier_ = value & 0x0f;
    if (newly_enabled && peer_.can_transmit()) transmitter_interrupt_ = true;
    update_line();
}

void Uart16550::write_fcr(std::uint8_t value) {
    const bool toggled = ((value ^ fcr_) & 1) != 0;
    fcr_ = value & 0xc9;
    if (toggled || (value & 2)) {
        first_ = received_ = 0;
        peer_.input_taken();
    }
    update_line();
}

void Uart16550::write_mcr(std::uint8_t value) {
    const std::uint8_t before = modem_lines();
    mcr_ = value & 0x1f;
    const std::uint8_t after = modem_lines();
    const std::uint8_t changed = before ^ after;
    modem_deltas_ |= static_cast<std::uint8_t>((changed & (kCts | kDsr | kDcd)) >> 4);
    if ((before & kRi) && !(after & kRi)) modem_deltas_ |= 4;  // TERI: the trailing edge only
    update_line();
}

void Uart16550::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    const auto byte = static_cast<std::uint8_t>(value);
    switch (offset) {
        case kData:
            if (divisor_access()) {
                divisor_low_ = byte;
            } else {
                transmit(byte);
            }
            break;
        case kIer:
            if (divisor_access()) {
                divisor_high_ = byte;
            } else {
                write_ier(byte);
            }
            break;
        case kIirFcr: write_fcr(byte); break;
        case kLcr: lcr_ = byte; break;
        case kMcr: write_mcr(byte); break;
        case kScratch: scratch_ = byte; break;
        default: break;
    }
}

}  // namespace hospes::devices
