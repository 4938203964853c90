// The framing of GDB's remote serial protocol: $PAYLOAD#CHECKSUM, acknowledged by + or -, and the interrupt byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hospes::gdb {

// The longest payload that is taken, and sent.
inline constexpr std::size_t kPacketSize = 0x4000;

// `payload` as a packet, what the framing needs escaped.
std::string framed(std::string_view payload);

// Cuts what the debugger sends into packets. Hostile bytes cost no more than kPacketSize of memory.
class PacketReader {
  public:
    enum class Kind : std::uint8_t { Packet, Damaged, Interrupt, Refused };
    struct Event {
        Kind kind;
        std::string payload;  // of a Packet, escapes resolved
    };

    // What `bytes` end, in order. Refused: our last packet came damaged (-).
    std::vector<Event> take(std::string_view bytes);

  private:
    enum class State : std::uint8_t { Outside, Payload, Escaped, FirstDigit, SecondDigit };

    void take_outside(char byte, std::vector<Event>& events);
    void take_payload(char byte);
    void add(char byte);
    void finish(char second_digit, std::vector<Event>& events);

    State state_ = State::Outside;
    std::string payload_;
    bool too_long_ = false;
    std::uint8_t sum_ = 0;
    char first_digit_ = 0;
};

}  // namespace hospes::gdb
