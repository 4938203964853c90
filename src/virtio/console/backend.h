// The host's end of a console port. Every call, in both directions, is made with the machine lock held.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <functional>
#include <span>

namespace hospes::virtio::console {

class Backend {
  public:
    virtual ~Backend() = default;

    // Takes what the guest wrote, or as much of it as it can without waiting; how many bytes it took.
    virtual std::size_t output(std::span<const iovec> data) = 0;
    // Gives the guest what there is, at most what fits, without waiting: the bytes put into `data`, 0 if none.
    virtual std::size_t input(std::span<const iovec> data) = 0;
    // Whether input() has given the last byte that it ever will.
    virtual bool input_ended() const { return false; }
    // Whether the guest can take input now. While it can, the backend calls `ready` when input() has something.
    virtual void want_input(bool wanted, std::function<void()> ready) = 0;
    // Whether output waits that output() did not take. While it does, the backend calls `ready` when it takes more.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): others keep it
    virtual void want_output(bool /*wanted*/, std::function<void()> /*ready*/) {}
    // A program in the guest opened the port, or closed it and all that it wrote was taken (multiport only).
    virtual void guest_opened(bool /*open*/) {}
};

}  // namespace hospes::virtio::console
