// One running tool.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "tool/run.h"

namespace hospes::tool {

class Child {
  public:
    // `tool` must live until finish() has returned.
    static Result<Child> start(const Tool& tool);

    // Hands on what it says until it is gone. Error: it failed; with the last that it said.
    Result<void> finish();

  private:
    Child(const Tool& tool, pid_t pid, UniqueFd said) : tool_(&tool), pid_(pid), said_(std::move(said)) {}

    bool hangs() const;
    void hear(std::string_view text);
    void end_line();
    Error failure(int status) const;

    const Tool* tool_;
    pid_t pid_;
    UniqueFd said_;
    std::string line_;
    std::deque<std::string> last_lines_;
    std::chrono::steady_clock::time_point news_ = std::chrono::steady_clock::now();  // it last said something else
};

}  // namespace hospes::tool
