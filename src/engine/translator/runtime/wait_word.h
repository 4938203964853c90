// A flag that one thread sets and clears and another waits for, and a lock. For hot code: no libc.
#pragma once

#include <atomic>
#include <cstdint>

#include <linux/futex.h>
#include <sys/syscall.h>

namespace hospes::translator {

class WaitWord {
  public:
    // Ordered before what the caller reads next.
    [[gnu::always_inline]] void set() { word_.store(kSet, std::memory_order_seq_cst); }
    [[gnu::always_inline]] bool is_set() const { return word_.load(std::memory_order_seq_cst) != kClear; }
    [[gnu::always_inline]] void clear() {
        if (word_.exchange(kClear, std::memory_order_seq_cst) == kAwaited) futex(FUTEX_WAKE_PRIVATE, 1);
    }
    // By one thread at a time.
    [[gnu::always_inline]] void wait_until_clear() {
        for (unsigned i = 0; i < kSpins; ++i) {
            if (!is_set()) return;
            __builtin_ia32_pause();
        }
        for (;;) {
            std::uint32_t seen = kSet;
            word_.compare_exchange_strong(seen, kAwaited, std::memory_order_seq_cst);
            if (seen == kClear) return;
            futex(FUTEX_WAIT_PRIVATE, kAwaited);
        }
    }

    // As a lock, which clear() gives back.
    [[gnu::always_inline]] bool try_take() {
        std::uint32_t expected = kClear;
        return word_.compare_exchange_strong(expected, kSet, std::memory_order_seq_cst);
    }
    [[gnu::always_inline]] void take() {
        for (unsigned i = 0; i < kSpins; ++i) {
            if (try_take()) return;
            __builtin_ia32_pause();
        }
        while (word_.exchange(kAwaited, std::memory_order_seq_cst) != kClear) futex(FUTEX_WAIT_PRIVATE, kAwaited);
    }

  private:
    static constexpr std::uint32_t kClear = 0, kSet = 1, kAwaited = 2;  // kAwaited: set, and somebody sleeps
    static constexpr unsigned kSpins = 200;  // some microseconds: what a vCPU that runs needs to its next poll

    [[gnu::always_inline]] void futex(int operation, std::uint32_t value) {
        long result = SYS_futex;
        register long timeout __asm__("r10") = 0;
        __asm__ volatile("syscall"
                         : "+a"(result)
                         : "D"(&word_), "S"(operation), "d"(value), "r"(timeout)
                         : "rcx", "r11", "memory");
    }

    std::atomic<std::uint32_t> word_{kClear};
};

}  // namespace hospes::translator
