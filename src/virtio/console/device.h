// virtio-console: port 0 is the guest's hvc0; more ports are named byte streams (virtio 1.2, 5.3).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "virtio/console/backend.h"
#include "virtio/console/config.h"
#include "virtio/console/port.h"
#include "virtio/console/request.h"
#include "virtio/device.h"

namespace hospes::virtio::console {

struct PortSetup {
    std::string name;  // /dev/virtio-ports/<name> in the guest; not used for port 0 if it is the only one
    std::unique_ptr<Backend> backend;
};

class Device final : public virtio::Device {
  public:
    // `ports` has 1 .. kMaxPorts entries; the first is the console. With more than one, multiport is offered.
    static std::unique_ptr<Device> create(std::vector<PortSetup> ports);

    DeviceType type() const override { return {3, 0x078000}; }
    std::uint64_t features() const override { return ports_.size() > 1 ? feature::kMultiport : 0; }
    std::span<const std::uint16_t> queue_sizes() const override { return queue_sizes_; }
    std::span<const std::byte> config() const override { return std::as_bytes(std::span(&config_, 1)); }
    void activate(Link& link) override;
    void notified(unsigned queue) override;
    bool reset() override;

  private:
    // Room for all that an honest driver asks for in one go, twice over.
    static constexpr std::size_t kMaxOutgoing = 8 * kMaxPorts;

    struct Outgoing {
        ControlMessage message;
        std::string text;
    };

    explicit Device(std::vector<PortSetup> ports);

    bool multiport() const { return (link_->negotiated() & feature::kMultiport) != 0; }
    void handle_control();
    void handle(const ControlMessage& message);
    void announce(unsigned index);
    void host_closed(unsigned port);
    void send(std::uint32_t port, std::uint16_t event, std::uint16_t value, std::string text = {});
    void flush_control();

    std::deque<Port> ports_;
    std::vector<std::uint16_t> queue_sizes_;
    Config config_;
    Link* link_ = nullptr;
    Chain received_, sent_;  // of the control queues: the handling of one message may send others
    std::deque<Outgoing> outgoing_;
};

}  // namespace hospes::virtio::console
