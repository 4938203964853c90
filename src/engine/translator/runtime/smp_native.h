// For tests: what a guest of several vCPUs runs, run by threads of the host itself.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/translator/runtime/smp_litmus.h"

namespace hospes::translator {

// Memory at the litmus tests' own addresses, executable, in this process; one at a time.
class SmpNative {
  public:
    SmpNative();
    ~SmpNative();
    SmpNative(const SmpNative&) = delete;
    SmpNative& operator=(const SmpNative&) = delete;

    // Whether the host lent the addresses.
    bool valid() const { return valid_; }
    // Calls `entry` with RDI = its number and RSI = `argument` on `threads` threads at once, until each has returned.
    void run_all(unsigned threads, const char* entry, std::uint64_t argument);

    template <typename T>
    T get(std::uint64_t address) const {
        T value;
        std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
        return value;
    }
    template <typename T>
    void put(std::uint64_t address, T value) {
        std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
    }

  private:
    bool valid_;
};

}  // namespace hospes::translator
