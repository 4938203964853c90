#include "gdb/packets.h"

#include <utility>

#include "gdb/hex.h"

namespace hospes::gdb {

namespace {

constexpr char kInterrupt = 3;
constexpr char kEscape = '}';
constexpr char kEscapeBit = 0x20;

bool needs_escape(char byte) { return byte == '$' || byte == '#' || byte == kEscape || byte == '*'; }

}  // namespace

std::string framed(std::string_view payload) {
    std::string text = "$";
    std::uint8_t sum = 0;
    const auto put = [&](char byte) {
        text += byte;
        sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(byte));
    };
    for (const char byte : payload) {
        if (needs_escape(byte)) put(kEscape);
        put(needs_escape(byte) ? static_cast<char>(byte ^ kEscapeBit) : byte);
    }
    text += '#';
    append_hex(text, {&sum, 1});
    return text;
}

std::vector<PacketReader::Event> PacketReader::take(std::string_view bytes) {
    std::vector<Event> events;
    for (const char byte : bytes) {
        switch (state_) {
            case State::Outside: take_outside(byte, events); break;
            case State::Payload:
            case State::Escaped: take_payload(byte); break;
            case State::FirstDigit:
                first_digit_ = byte;
                state_ = State::SecondDigit;
                break;
            case State::SecondDigit: finish(byte, events); break;
        }
    }
    return events;
}

void PacketReader::take_outside(char byte, std::vector<Event>& events) {
    if (byte == kInterrupt) events.push_back({Kind::Interrupt, {}});
    if (byte == '-') events.push_back({Kind::Refused, {}});
    if (byte != '$') return;
    state_ = State::Payload;
    payload_.clear();
    too_long_ = false;
    sum_ = 0;
}

void PacketReader::take_payload(char byte) {
    if (byte == '#') {  // never escaped
        state_ = State::FirstDigit;
        return;
    }
    sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
    if (state_ == State::Escaped) {
        add(static_cast<char>(byte ^ kEscapeBit));
        state_ = State::Payload;
    } else if (byte == kEscape) {
        state_ = State::Escaped;
    } else {
        add(byte);
    }
}

void PacketReader::add(char byte) {
    too_long_ = too_long_ || payload_.size() == kPacketSize;
    if (!too_long_) payload_ += byte;
}

void PacketReader::finish(char second_digit, std::vector<Event>& events) {
    state_ = State::Outside;
    const char digits[] = {first_digit_, second_digit};
    const auto sum = bytes_of({digits, 2});
    const bool whole = sum && sum->front() == sum_ && !too_long_;
    events.push_back({whole ? Kind::Packet : Kind::Damaged, whole ? std::exchange(payload_, {}) : std::string()});
}

}  // namespace hospes::gdb
