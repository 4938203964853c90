// What hospes-vmm says on standard error, line by line.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace hospes::run {

class VmmLog {
  public:
    // `warned` is called with each warning, without what marks it.
    explicit VmmLog(std::function<void(const std::string&)> warned) : warned_(std::move(warned)) {}

    void add(std::span<const char> bytes);
    // The last line that was no warning, without "hospes-vmm: ": after its end, why it ended.
    const std::string& last_line() const { return last_line_; }

  private:
    void take(std::string line);

    std::function<void(const std::string&)> warned_;
    std::string unfinished_;
    std::string last_line_;
};

}  // namespace hospes::run
