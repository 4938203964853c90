// For tests: litmus tests of x86's memory order, from one text once for a guest and once for threads of the host.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hospes::translator {

// Sample s of a test has its two places at 8 s from these; what thread t saw first is at kSeen + kSeenStride t + 8 s,
// and second 4 bytes on.
inline constexpr std::uint64_t kPlaceX = 0x40'0000, kPlaceY = 0x50'0000, kSeen = 0x60'0000, kSeenStride = 0x10'0000;
// All that a test needs, linear addresses, zero at first.
inline constexpr std::uint64_t kLitmusBegin = 0x20'0000, kLitmusEnd = kSeen + 4 * kSeenStride;
inline constexpr unsigned kSamplesPerBatch = 32;

// What two threads saw of one sample: whether each value was the new one.
struct Saw {
    bool first_a, second_a, first_b, second_b;
};

struct Litmus {
    const char* name;
    const char* guest;   // entry in [smp_litmus_guest, smp_litmus_guest_end): RDI = thread, RSI = number of batches
    const char* native;  // the same, for a thread of the host to call
    unsigned threads;
    unsigned a, b;                  // the threads that see
    bool (*forbidden)(const Saw&);  // by SDM volume 3, 9.2; of those that are to show it: what shows
    bool calls_x = false;           // X are functions: kFunction
    unsigned batches = 1'000;
};

// MOV EAX, imm32; RET: gives the new value if its second byte is 1.
inline constexpr std::uint64_t kFunction = 0xc3'0000'0000'b8;

// Those whose outcome is forbidden by a fence, XCHG or LOCK; by the order of loads and stores alone; and those that are
// the same as one of them but for one thing, so that the outcome is allowed.
extern const std::vector<Litmus> kFenced, kOrdered, kAllowing;
extern "C" const char smp_litmus_guest[], smp_litmus_guest_end[];

// How often what was seen.
class Outcomes {
  public:
    void count(const Saw& saw) { ++counts_[index(saw)]; }
    unsigned count_of(bool (*which)(const Saw&)) const;
    // Whether each outcome that makes up a thousandth of `others` was seen here too.
    bool cover(const Outcomes& others) const;
    Outcomes& operator+=(const Outcomes& more);
    // "0010: 17, …", the four values in the order of Saw.
    std::string text() const;

  private:
    static unsigned index(const Saw& saw) {
        return saw.first_a * 8u + saw.second_a * 4u + saw.first_b * 2u + saw.second_b;
    }
    static Saw saw(unsigned index) { return {(index & 8) != 0, (index & 4) != 0, (index & 2) != 0, (index & 1) != 0}; }
    std::array<unsigned, 16> counts_{};
};

}  // namespace hospes::translator
