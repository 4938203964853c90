// A console port on host file descriptors, such as standard output and input.
#pragma once

#include "base/event/event_loop.h"
#include "virtio/console/backend.h"

namespace hospes::virtio::console {

class FdBackend final : public Backend {
  public:
    // Writes to `out` and reads from `in`; either may be -1 for none. Does not own them; `loop` may be null if `in`
    // is -1.
    FdBackend(int out, int in, EventLoop* loop) : out_(out), in_(in), loop_(loop) {}
    ~FdBackend() override;

    // Takes all, and waits for the reader.
    std::size_t output(std::span<const iovec> data) override;
    std::size_t input(std::span<const iovec> data) override;
    void want_input(bool wanted, std::function<void()> ready) override;

  private:
    int out_;
    int in_;
    EventLoop* loop_;
    bool watching_ = false;
};

}  // namespace hospes::virtio::console
