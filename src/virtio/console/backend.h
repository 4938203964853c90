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

    // Takes all of what the guest wrote.
    virtual void output(std::span<const iovec> data) = 0;
    // Gives the guest what there is, at most what fits, without waiting: the bytes put into `data`, 0 if none.
    virtual std::size_t input(std::span<const iovec> data) = 0;
    // Whether the guest can take input now. While it can, the backend calls `ready` when input() has something.
    virtual void want_input(bool wanted, std::function<void()> ready) = 0;
    // A program in the guest opened or closed the port (multiport only).
    virtual void guest_opened(bool /*open*/) {}
};

}  // namespace hospes::virtio::console
