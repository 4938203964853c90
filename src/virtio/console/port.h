// One port of a console: its two queues on the guest's side, its backend on the host's.
//
// Flow control is the ring's. What the backend does not take at once keeps its chain, so that the driver sees a full
// queue; what the driver has no buffer for is not read from the backend.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "virtio/console/backend.h"
#include "virtio/device.h"

namespace hospes::virtio::console {

class Port {
  public:
    // `host_closed` is called once the guest has all the input that there will ever be.
    Port(unsigned index, std::string name, std::unique_ptr<Backend> backend, std::function<void()> host_closed);

    const std::string& name() const { return name_; }
    bool host_open() const { return !ended_; }

    // From here to detach() there is a driver.
    void attach(Link& link, bool open);
    void detach();

    // Moves what the driver wrote to the backend for as long as it takes it.
    void transmit();
    // Moves input to the guest for as long as there is input and room.
    void deliver();
    // A program in the guest opened or closed the port. Input is for an open port only; the backend hears of the
    // closing after the last byte of output.
    void set_open(bool open);

  private:
    // A chain of 1 MiB is far more than any driver sends; more of it than that is dropped.
    static constexpr std::uint64_t kMaxOutput = 1 << 20;

    struct Held {
        Chain chain;
        bool valid = false;
    };

    bool hold(unsigned queue, Held& held);
    bool hold_output();
    bool hold_input();
    void close_if_done();

    unsigned index_;
    std::string name_;
    std::unique_ptr<Backend> backend_;
    std::function<void()> host_closed_;
    Link* link_ = nullptr;
    Held input_;   // waits for input
    Held output_;  // waits to be taken: [taken_, length_) of it
    std::uint64_t taken_ = 0, length_ = 0;
    std::vector<iovec> data_;
    bool open_ = false;
    bool closing_ = false;  // closed, but the backend does not know yet
    bool ended_ = false;    // the backend's input
};

}  // namespace hospes::virtio::console
