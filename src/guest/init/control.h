// The init's end of the control port.
#pragma once

#include <optional>

#include "api/session/codec.h"
#include "base/unique_fd.h"

namespace hospes::guest {

class Control {
  public:
    // `port` does not block.
    explicit Control(UniqueFd port) : port_(std::move(port)) {}

    int descriptor() const { return port_.get(); }

    // Waits for the host to take it.
    void send(const api::session::Message& message);

    // Takes in what there is. False at the end: the host is gone.
    bool receive();
    // The next message of what was taken in, if one is complete. Errors: what the host sends makes no sense.
    Result<std::optional<api::session::Message>> next() { return reader_.next(); }

  private:
    UniqueFd port_;
    api::session::FrameReader reader_;
};

}  // namespace hospes::guest
