// What a builder tells the process that waits for it: one packet each over a socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/progress.h"

namespace hospes::image {

// The builder's end.
class ReportingProgress final : public Progress {
  public:
    explicit ReportingProgress(int socket) : socket_(socket) {}

    void step(unsigned number, unsigned count, std::string_view what) override;
    void percent(unsigned done) override;
    void note(std::string_view line) override;
    void end(const Result<void>& result);

  private:
    void send(char kind, std::string_view text);

    int socket_;
    unsigned last_percent_ = 101;
};

// The other end: takes one packet and hands it on. The result of the build if this was it; an error of its own if the
// builder is gone without one.
std::optional<Result<void>> take_report(int socket, Progress& progress);

}  // namespace hospes::image
