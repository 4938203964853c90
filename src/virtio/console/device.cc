#include "virtio/console/device.h"

#include <algorithm>
#include <cassert>

namespace hospes::virtio::console {

std::unique_ptr<Device> Device::create(std::vector<PortSetup> ports) {
    assert(!ports.empty() && ports.size() <= kMaxPorts);
    return std::unique_ptr<Device>(new Device(std::move(ports)));
}

Device::Device(std::vector<PortSetup> ports) {
    for (PortSetup& setup : ports) {
        const auto index = static_cast<unsigned>(ports_.size());
        ports_.emplace_back(index, std::move(setup.name), std::move(setup.backend),
                            [this, index] { host_closed(index); });
    }
    const std::size_t queues = ports_.size() > 1 ? 2 * (ports_.size() + 1) : 2;
    queue_sizes_.assign(queues, kQueueSize);
    config_.max_ports = static_cast<std::uint32_t>(ports_.size());
}

void Device::activate(Link& link) {
    link_ = &link;
    for (Port& port : ports_) port.attach(link, &port == &ports_[0] && !multiport());
}

bool Device::reset() {
    for (Port& port : ports_) port.detach();
    outgoing_.clear();
    link_ = nullptr;
    return true;
}

void Device::notified(unsigned queue) {
    const bool control = queue == kControlReceive || queue == kControlTransmit;
    if (queue >= kControlReceive && !multiport()) return;
    if (control) return queue == kControlReceive ? flush_control() : handle_control();
    const unsigned port = queue < kControlReceive ? 0 : queue / 2 - 1;
    return queue == receive_queue(port) ? ports_[port].deliver() : ports_[port].transmit();
}

void Device::handle_control() {
    serve(*link_, kControlTransmit, received_, [this](const Chain& chain) -> std::int64_t {
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
    if (message.event == event::kPortReady && message.value == 1) return announce(message.port);
    if (message.event == event::kPortOpen) ports_[message.port].set_open(message.value == 1);
}

// The name last: a driver that shows it has heard of all else by then.
void Device::announce(unsigned index) {
    const Port& port = ports_[index];
    if (index == 0) send(index, event::kConsolePort, 1);
    send(index, event::kPortOpen, port.host_open() ? 1 : 0);
    if (!port.name().empty()) send(index, event::kPortName, 1, port.name());
}

void Device::host_closed(unsigned port) {
    if (!multiport()) return;
    send(port, event::kPortOpen, 0);
    flush_control();
}

// Queues a message; a driver that asks for more than it has room for waits in vain for the rest.
void Device::send(std::uint32_t port, std::uint16_t event, std::uint16_t value, std::string text) {
    if (outgoing_.size() < kMaxOutgoing) outgoing_.push_back({{port, event, value}, std::move(text)});
}

void Device::flush_control() {
    SplitQueue& queue = link_->queue(kControlReceive);
    while (!outgoing_.empty()) {
        const SplitQueue::Pop result = queue.pop(sent_);
        if (result == SplitQueue::Pop::Broken) return link_->needs_reset();
        if (result == SplitQueue::Pop::Empty) {
            if (queue.enable_notifications()) continue;
            break;
        }
        const Outgoing& next = outgoing_.front();
        std::size_t written = copy_in(sent_.writable(), 0, &next.message, sizeof next.message);
        written += copy_in(sent_.writable(), written, next.text.data(), next.text.size());
        queue.push(sent_, static_cast<std::uint32_t>(written));
        outgoing_.pop_front();
    }
    link_->publish(kControlReceive);
}

}  // namespace hospes::virtio::console
