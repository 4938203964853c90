// The common configuration structure (virtio 1.2, 4.1.4.3): negotiation, status, queue set-up; independent of PCI.
#pragma once

#include <cstdint>
#include <vector>

#include "virtio/device.h"

namespace hospes::virtio {

inline constexpr std::uint16_t kNoVector = 0xffff;

// 2.1
namespace device_status {
inline constexpr std::uint8_t kDriverOk = 4;
inline constexpr std::uint8_t kFeaturesOk = 8;
inline constexpr std::uint8_t kNeedsReset = 64;
}  // namespace device_status

// What follows from a driver's writes, done by the transport.
class CommonEvents {
  public:
    virtual void driver_ready() = 0;
    virtual void driver_reset() = 0;
    // The driver enabled a queue that cannot be.
    virtual void queue_unusable() = 0;

  protected:
    ~CommonEvents() = default;
};

class CommonConfig {
  public:
    static constexpr std::uint32_t kSize = 56;

    // Offers `features`; one queue of each of the `sizes`; `vectors` MSI-X vectors exist.
    CommonConfig(CommonEvents& events, std::uint64_t features, std::span<const std::uint16_t> sizes, unsigned vectors,
                 memory::GuestRam& ram, memory::DmaObserver& observer);

    // Accesses by the driver, each of one whole field, or of one half of a 64-bit one; others read 0 and write nothing.
    std::uint32_t read(std::uint64_t offset, unsigned size) const;
    void write(std::uint64_t offset, std::uint32_t value, unsigned size);

    std::uint8_t status() const { return status_; }
    bool driver_ready() const { return (status_ & device_status::kDriverOk) != 0; }
    std::uint64_t negotiated() const { return driver_features_; }
    std::uint16_t config_vector() const { return config_vector_; }
    unsigned queue_count() const { return static_cast<unsigned>(queues_.size()); }
    SplitQueue& queue(unsigned index) { return queues_[index].ring; }
    std::uint16_t queue_vector(unsigned index) const { return queues_[index].vector; }

    void set_needs_reset() { status_ |= device_status::kNeedsReset; }
    void next_generation() { ++generation_; }
    // All registers and queues as at construction; the status stays until finish_reset().
    void begin_reset();
    void finish_reset() { status_ = 0; }

  private:
    struct Queue {
        Queue(memory::GuestRam& ram, memory::DmaObserver& observer, std::uint16_t largest)
            : maximum(largest), ring(ram, observer) {
            layout.size = largest;
        }
        std::uint16_t maximum;
        QueueLayout layout;
        std::uint16_t vector = kNoVector;
        bool enabled = false;
        SplitQueue ring;
    };

    const Queue* selected() const { return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr; }
    Queue* selected() { return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr; }
    std::uint32_t read_queue(const Queue& queue, std::uint64_t offset) const;
    void write_status(std::uint8_t value);
    void write_driver_features(std::uint32_t value);
    void write_queue(Queue& queue, std::uint64_t offset, std::uint32_t value);
    void write_queue_address(Queue& queue, std::uint64_t offset, std::uint32_t value);
    void enable(Queue& queue);
    std::uint16_t checked_vector(std::uint32_t value) const;

    CommonEvents& events_;
    std::uint64_t offered_;
    unsigned vectors_;
    std::vector<Queue> queues_;
    std::uint64_t driver_features_ = 0;
    std::uint32_t device_feature_select_ = 0;
    std::uint32_t driver_feature_select_ = 0;
    std::uint16_t config_vector_ = kNoVector;
    std::uint16_t queue_select_ = 0;
    std::uint8_t status_ = 0;
    std::uint8_t generation_ = 0;
};

}  // namespace hospes::virtio
