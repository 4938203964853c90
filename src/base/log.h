// One line of diagnostics on standard error. Guest-triggerable messages go through LogLimit.
#pragma once

#include <cstdarg>
#include <cstdint>

namespace hospes {

// Writes "hospes-vmm: " + the formatted text + newline to standard error, in one write(2).
[[gnu::format(printf, 1, 2)]] void log_line(const char* format, ...);

// Bounds how often one call site may log: the first `most` calls to allow() say yes.
// A guest must never be able to flood the log.
class LogLimit {
  public:
    explicit LogLimit(std::uint32_t most) : left_(most) {}
    bool allow() {
        if (left_ == 0) return false;
        --left_;
        return true;
    }

  private:
    std::uint32_t left_;
};

}  // namespace hospes
