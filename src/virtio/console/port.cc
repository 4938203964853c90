#include "virtio/console/port.h"

#include <algorithm>

#include "virtio/console/config.h"

namespace hospes::virtio::console {

Port::Port(unsigned index, std::string name, std::unique_ptr<Backend> backend, std::function<void()> host_closed)
    : index_(index), name_(std::move(name)), backend_(std::move(backend)), host_closed_(std::move(host_closed)) {}

void Port::attach(Link& link, bool open) {
    link_ = &link;
    open_ = open;
}

void Port::detach() {
    backend_->want_input(false, nullptr);
    backend_->want_output(false, nullptr);
    if (open_ || closing_) backend_->guest_opened(false);
    input_.valid = output_.valid = open_ = closing_ = false;
    link_ = nullptr;
}

// Has a chain of the queue in hand, if the driver gave one.
bool Port::hold(unsigned queue_index, Held& held) {
    SplitQueue& queue = link_->queue(queue_index);
    for (;;) {
        switch (queue.pop(held.chain)) {
            case SplitQueue::Pop::Chain: return held.valid = true;
            case SplitQueue::Pop::Broken: link_->needs_reset(); return false;
            case SplitQueue::Pop::Empty:
                if (!queue.enable_notifications()) return false;
        }
    }
}

bool Port::hold_output() {
    if (output_.valid) return true;
    if (!hold(transmit_queue(index_), output_)) return false;
    taken_ = 0;
    length_ = std::min(total_length(output_.chain.readable()), kMaxOutput);
    return true;
}

void Port::transmit() {
    if (link_ == nullptr) return;
    while (hold_output()) {
        data_.clear();
        slice(output_.chain.readable(), taken_, length_ - taken_, data_);
        taken_ += backend_->output(data_);
        if (taken_ < length_) break;
        link_->queue(transmit_queue(index_)).push(output_.chain, 0);
        output_.valid = false;
    }
    link_->publish(transmit_queue(index_));
    backend_->want_output(output_.valid, [this] { transmit(); });
    close_if_done();
}

bool Port::hold_input() {
    if (input_.valid) return true;
    if (!hold(receive_queue(index_), input_)) return false;
    if (total_length(input_.chain.writable()) > 0) return true;
    input_.valid = false;
    link_->needs_reset();
    return false;
}

void Port::deliver() {
    if (link_ == nullptr || !open_ || ended_) return;
    bool room = false;
    while ((room = hold_input())) {
        const std::size_t count = backend_->input(input_.chain.writable());
        if (count == 0) break;
        link_->queue(receive_queue(index_)).push(input_.chain, static_cast<std::uint32_t>(count));
        input_.valid = false;
    }
    link_->publish(receive_queue(index_));
    ended_ = backend_->input_ended();
    backend_->want_input(room && !ended_, [this] { deliver(); });
    if (ended_) host_closed_();
}

void Port::set_open(bool open) {
    if (open == open_) return;
    open_ = open;
    if (open) {
        closing_ = false;
        backend_->guest_opened(true);
        return deliver();
    }
    backend_->want_input(false, nullptr);
    closing_ = true;
    transmit();
}

void Port::close_if_done() {
    if (!closing_ || output_.valid) return;
    closing_ = false;
    backend_->guest_opened(false);
}

}  // namespace hospes::virtio::console
