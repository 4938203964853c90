// The conversation with the guest's init, as messages on the event loop.
#pragma once

#include <functional>
#include <string>

#include "api/session/codec.h"
#include "base/event/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

class Control {
  public:
    struct Handler {
        std::function<void(const api::session::Message&)> message;
        std::function<void()> broken;  // the guest sent what is no message: nothing comes any more
    };

    // Listens on `socket`, switched to non-blocking. The end of the conversation is not told: the VMM's end is.
    static Result<std::unique_ptr<Control>> create(EventLoop& loop, UniqueFd socket, Handler handler);
    ~Control() { loop_.unwatch(socket_.get()); }
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // Sends it now or when the guest takes it; never waits.
    void send(const api::session::Message& message);

  private:
    Control(EventLoop& loop, UniqueFd socket, Handler handler)
        : loop_(loop), socket_(std::move(socket)), handler_(std::move(handler)) {}

    Result<void> watch();
    void receive();
    void flush();

    EventLoop& loop_;
    UniqueFd socket_;
    Handler handler_;
    api::session::FrameReader reader_;
    std::string unsent_;
};

}  // namespace hospes::run
