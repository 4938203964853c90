// The end of what the guest's console said, kept for the case that it tells why something failed.
#pragma once

#include <span>
#include <string>

namespace hospes::run {

class ConsoleLog {
  public:
    static constexpr std::size_t kKept = 64 * 1024;

    void add(std::span<const char> bytes);
    bool empty() const { return text_.empty(); }

    // At most `count` lines, each with "  | " before it. The guest wrote them: what would command a terminal is shown
    // as
    // '?', and a line is cut off where it gets too long to read.
    std::string last_lines(unsigned count) const;
    // The last line that holds `text`, shown likewise without the "  | "; "" if there is none.
    std::string line_with(std::string_view text) const;

  private:
    std::string text_;
};

}  // namespace hospes::run
