// Standard input as the serial port's other end: a terminal in raw mode with a way out, or whatever else it is.
#pragma once

#include <termios.h>

#include <functional>
#include <memory>
#include <optional>

#include "base/event/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::vmm {

// While it lives, keys come one by one and unseen by the terminal's driver.
class RawTerminal {
  public:
    // Does nothing unless `fd` is a terminal that this process is in the foreground of: another's must not be touched.
    explicit RawTerminal(int fd);
    ~RawTerminal() { restore(); }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    bool is_terminal() const { return is_terminal_; }
    bool active() const { return saved_.has_value(); }
    void restore();

  private:
    int fd_;
    bool is_terminal_;
    std::optional<termios> saved_;
};

// Passes what is typed on to a pipe, but for the escape key.
class TerminalInput {
  public:
    static constexpr char kEscape = 0x1d;  // Ctrl-]

    // Reads `terminal` on `loop`; `escaped` is called for the escape key.
    static Result<std::unique_ptr<TerminalInput>> create(EventLoop& loop, int terminal, std::function<void()> escaped);
    ~TerminalInput() { loop_.unwatch(terminal_); }

    int descriptor() const { return read_end_.get(); }

  private:
    TerminalInput(EventLoop& loop, int terminal, std::function<void()> escaped, UniqueFd read_end, UniqueFd write_end);
    void receive();

    EventLoop& loop_;
    int terminal_;
    std::function<void()> escaped_;
    UniqueFd read_end_, write_end_;
};

}  // namespace hospes::vmm
