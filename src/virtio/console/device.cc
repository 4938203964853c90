#include "virtio/console/device.h"

#include <algorithm>
#include <cassert>

namespace hospes::virtio::console {

std::unique_ptr<Device> Device::create(std::vector<PortSetup> ports) {
    assert(!ports.empty() && ports.size() <= kMaxPorts);
    return std::unique_ptr<Device>(new Device(std::move(ports)));
}

Device::Device(std::vector<PortSetup> ports) {
    for (PortSetup& setup : ports) ports_.push_back({.setup = std::move(setup), .receive = {}});
    const std::size_t queues = ports_.size() > 1 ? 2 * (ports_.size() + 1) : 2;
    queue_sizes_.assign(queues, kQueueSize);
    config_.max_ports = static_cast<std::uint32_t>(ports_.size());
}

void Device::activate(Link& link) {
    link_ = &link;
    ports_[0].open = !multiport();
}

bool Device::reset() {
    for (unsigned i = 0; i < ports_.size(); ++i) {
        want_input(i, false);
        if (ports_[i].open) ports_[i].setup.backend->guest_opened(false);
        ports_[i].held = ports_[i].open = false;
    }
    outgoing_.clear();
    link_ = nullptr;
    return true;
}

void Device::notified(unsigned queue) {
    const bool control = queue == kControlReceive || queue == kControlTransmit;
    if (queue >= kControlReceive && !multiport()) return;
    if (control) return queue == kControlReceive ? flush_control() : handle_control();
    const unsigned port = queue < kControlReceive ? 0 : queue / 2 - 1;
    return queue == receive_queue(port) ? deliver(port) : transmit(port);
}

void Device::transmit(unsigned port) {
    std::vector<iovec> data;
    serve(*link_, transmit_queue(port), chain_, [&](const Chain& chain) -> std::int64_t {
        data.clear();
        slice(chain.readable(), 0, std::min(total_length(chain.readable()), kMaxOutput), data);
        ports_[port].setup.backend->output(data);
        return 0;
    });
}

// Has a buffer in hand for the port's next input, if the driver gave one.
bool Device::hold_buffer(unsigned index) {
    Port& port = ports_[index];
    if (port.held) return true;
    SplitQueue& queue = link_->queue(receive_queue(index));
    for (;;) {
        switch (queue.pop(port.receive)) {
            case SplitQueue::Pop::Chain:
                if (total_length(port.receive.writable()) == 0) {
                    link_->needs_reset();
                    return false;
                }
                return port.held = true;
            case SplitQueue::Pop::Broken: link_->needs_reset(); return false;
            case SplitQueue::Pop::Empty:
                if (!queue.enable_notifications()) return false;
        }
    }
}

// Moves input from the backend to the guest for as long as there is input and room.
void Device::deliver(unsigned index) {
    Port& port = ports_[index];
    if (link_ == nullptr || !port.open) return;
    bool room = false;
    while ((room = hold_buffer(index))) {
        const std::size_t count = port.setup.backend->input(port.receive.writable());
        if (count == 0) break;
        link_->queue(receive_queue(index)).push(port.receive, static_cast<std::uint32_t>(count));
        port.held = false;
    }
    link_->publish(receive_queue(index));
    want_input(index, room);
}

void Device::want_input(unsigned index, bool wanted) {
    ports_[index].setup.backend->want_input(wanted, [this, index] { deliver(index); });
}

void Device::handle_control() {
    serve(*link_, kControlTransmit, chain_, [this](const Chain& chain) -> std::int64_t {
        const auto message = parse(chain.readable());
        if (!message) return -1;
        handle(*message);
        return 0;
    });
    flush_control();
}

void Device::handle(const ControlMessage& message) {
    if (message.event == event::kDeviceReady) {
        if (message.value != 1) return;
        for (unsigned i = 0; i < ports_.size(); ++i) send(i, event::kPortAdd, 1);
        return;
    }
    if (message.port >= ports_.size()) return;
    Port& port = ports_[message.port];
    if (message.event == event::kPortReady && message.value == 1) return announce(message.port);
    if (message.event == event::kPortOpen) {
        port.open = message.value == 1;
        port.setup.backend->guest_opened(port.open);
        if (port.open) {
            deliver(message.port);
        } else {
            want_input(message.port, false);
        }
    }
}

void Device::announce(unsigned port) {
    if (port == 0) send(port, event::kConsolePort, 1);
    if (!ports_[port].setup.name.empty()) send(port, event::kPortName, 1, ports_[port].setup.name);
    send(port, event::kPortOpen, 1);
}

// Queues a message; a driver that asks for more than it has room for waits in vain for the rest.
void Device::send(std::uint32_t port, std::uint16_t event, std::uint16_t value, std::string text) {
    if (outgoing_.size() < 4 * kMaxPorts) outgoing_.push_back({{port, event, value}, std::move(text)});
}

void Device::flush_control() {
    SplitQueue& queue = link_->queue(kControlReceive);
    while (!outgoing_.empty()) {
        const SplitQueue::Pop result = queue.pop(chain_);
        if (result == SplitQueue::Pop::Broken) return link_->needs_reset();
        if (result == SplitQueue::Pop::Empty) {
            if (queue.enable_notifications()) continue;
            break;
        }
        const Outgoing& next = outgoing_.front();
        std::size_t written = copy_in(chain_.writable(), 0, &next.message, sizeof next.message);
        written += copy_in(chain_.writable(), written, next.text.data(), next.text.size());
        queue.push(chain_, static_cast<std::uint32_t>(written));
        outgoing_.pop_front();
    }
    link_->publish(kControlReceive);
}

}  // namespace hospes::virtio::console
