// virtio-rng: the host's random numbers for the guest (virtio 1.2, 5.4). It has no configuration and no request format.
#pragma once

#include <memory>

#include "virtio/device.h"

namespace hospes::virtio::rng {

class Device final : public virtio::Device {
  public:
    // A buffer gets at most this much: getrandom(2) gives up to 256 bytes without a chance of stopping short, and a
    // guest cannot keep the machine busy with one huge buffer.
    static constexpr std::size_t kMaxBytes = 256;

    static std::unique_ptr<Device> create() { return std::make_unique<Device>(); }

    DeviceType type() const override { return {4, 0x00ff00}; }
    std::uint64_t features() const override { return 0; }
    std::span<const std::uint16_t> queue_sizes() const override;
    std::span<const std::byte> config() const override { return {}; }
    void activate(Link& link) override { link_ = &link; }
    void notified(unsigned queue) override;
    bool reset() override {
        link_ = nullptr;
        return true;
    }

  private:
    Link* link_ = nullptr;
    Chain chain_;
};

}  // namespace hospes::virtio::rng
