// The user's terminal while it is the command's.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

namespace hospes::run {

struct WindowShape {
    std::uint16_t rows = 24;
    std::uint16_t columns = 80;
};

// The shape of the first of standard input, output and error that is a terminal.
WindowShape window_shape();

// Passes every key on while it is raw: the guest's terminal does all that terminals do.
class Terminal {
  public:
    Terminal() = default;
    ~Terminal() { restore(); }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    // Switches standard input to raw mode, unless it is no terminal or another process group's turn. Keys typed before
    // are kept.
    void enter();
    void restore();
    bool raw() const { return saved_.has_value(); }

  private:
    std::optional<termios> saved_;
};

}  // namespace hospes::run
