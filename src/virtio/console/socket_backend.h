// A console port on a connected stream socket of the host, with half-close both ways: the end of what the peer sends is
// the end of input; when the guest closes the port, the peer sees the end of output, and what comes after it is
// dropped.
#pragma once

#include "base/event/event_loop.h"
#include "virtio/console/backend.h"

namespace hospes::virtio::console {

class SocketBackend final : public Backend {
  public:
    // Does not own `fd`. Its flags stay as they are, since other processes may share it.
    SocketBackend(int fd, EventLoop& loop) : fd_(fd), loop_(loop) {}
    ~SocketBackend() override;

    std::size_t output(std::span<const iovec> data) override;
    std::size_t input(std::span<const iovec> data) override;
    bool input_ended() const override { return input_ended_; }
    void want_input(bool wanted, std::function<void()> ready) override;
    void want_output(bool wanted, std::function<void()> ready) override;
    void guest_opened(bool open) override;

  private:
    // What one turn of the loop, or the vCPU between two of them, moves at most: the machine lock is held meanwhile.
    static constexpr std::size_t kBurst = 512 << 10;

    void watch();
    void ready(std::uint32_t events);
    std::span<const iovec> burst(std::span<const iovec> data);
    void moved(std::size_t count);

    int fd_;
    EventLoop& loop_;
    std::function<void()> input_ready_, output_ready_;  // null if not wanted
    std::uint32_t watched_ = 0;
    std::size_t burst_left_ = kBurst;
    iovec part_[64];
    bool input_ended_ = false;
    bool output_gone_ = false;  // the peer does not read any more: output is dropped
};

}  // namespace hospes::virtio::console
