#include "virtio/transport/common_config.h"

#include <bit>

namespace hospes::virtio {

namespace {

// 4.1.4.3, in its order.
enum Field : std::uint64_t {
    kDeviceFeatureSelect = 0,
    kDeviceFeature = 4,
    kDriverFeatureSelect = 8,
    kDriverFeature = 12,
    kConfigVector = 16,
    kQueueCount = 18,
    kStatus = 20,
    kGeneration = 21,
    kQueueSelect = 22,
    kQueueSize = 24,
    kQueueVector = 26,
    kQueueEnable = 28,
    kQueueNotifyOffset = 30,
    kQueueDescriptors = 32,
    kQueueDriver = 40,
    kQueueDevice = 48,
};

unsigned width_of(std::uint64_t offset) {
    switch (offset) {
        case kStatus:
        case kGeneration: return 1;
        case kConfigVector:
        case kQueueCount:
        case kQueueSelect:
        case kQueueSize:
        case kQueueVector:
        case kQueueEnable:
        case kQueueNotifyOffset: return 2;
        default: return offset < CommonConfig::kSize && offset % 4 == 0 ? 4 : 0;
    }
}

std::uint32_t half(std::uint64_t value, std::uint64_t index) {
    return index > 1 ? 0 : static_cast<std::uint32_t>(value >> (32 * index));
}

const Gpa& address_field(const QueueLayout& layout, std::uint64_t offset) {
    if (offset < kQueueDriver) return layout.descriptors;
    return offset < kQueueDevice ? layout.available : layout.used;
}

}  // namespace

CommonConfig::CommonConfig(CommonEvents& events, std::uint64_t features, std::span<const std::uint16_t> sizes,
                           unsigned vectors, memory::GuestRam& ram, memory::DmaObserver& observer)
    : events_(events), offered_(features), vectors_(vectors) {
    queues_.reserve(sizes.size());
    for (const std::uint16_t size : sizes) queues_.emplace_back(ram, observer, size);
}

std::uint32_t CommonConfig::read(std::uint64_t offset, unsigned size) const {
    if (width_of(offset) != size) return 0;
    switch (offset) {
        case kDeviceFeatureSelect: return device_feature_select_;
        case kDeviceFeature: return half(offered_, device_feature_select_);
        case kDriverFeatureSelect: return driver_feature_select_;
        case kDriverFeature: return half(driver_features_, driver_feature_select_);
        case kConfigVector: return config_vector_;
        case kQueueCount: return queue_count();
        case kStatus: return status_;
        case kGeneration: return generation_;
        case kQueueSelect: return queue_select_;
        default: break;
    }
    const Queue* queue = selected();
    return queue != nullptr ? read_queue(*queue, offset) : 0;  // a queue that is not there has size 0
}

std::uint32_t CommonConfig::read_queue(const Queue& queue, std::uint64_t offset) const {
    switch (offset) {
        case kQueueSize: return queue.layout.size;
        case kQueueVector: return queue.vector;
        case kQueueEnable: return queue.enabled ? 1 : 0;
        case kQueueNotifyOffset: return queue_select_;
        default: return half(address_field(queue.layout, offset), offset / 4 % 2);
    }
}

void CommonConfig::write(std::uint64_t offset, std::uint32_t value, unsigned size) {
    if (width_of(offset) != size) return;
    switch (offset) {
        case kDeviceFeatureSelect: device_feature_select_ = value; return;
        case kDriverFeatureSelect: driver_feature_select_ = value; return;
        case kDriverFeature: return write_driver_features(value);
        case kConfigVector: config_vector_ = checked_vector(value); return;
        case kStatus: return write_status(static_cast<std::uint8_t>(value));
        case kQueueSelect: queue_select_ = static_cast<std::uint16_t>(value); return;
        default: break;
    }
    if (Queue* queue = selected()) write_queue(*queue, offset, value);
}

// 3.1.1: bits only ever get set, in order, until a reset.
void CommonConfig::write_status(std::uint8_t value) {
    if (value == 0) return events_.driver_reset();
    const std::uint8_t before = status_;
    std::uint8_t wanted = static_cast<std::uint8_t>((before | value) & ~device_status::kNeedsReset) |
                          (before & device_status::kNeedsReset);
    const bool acceptable = (driver_features_ & ~offered_) == 0 && (driver_features_ & feature::kVersion1) != 0;
    if ((before & device_status::kFeaturesOk) == 0 && !acceptable) wanted &= ~device_status::kFeaturesOk;
    if ((wanted & device_status::kFeaturesOk) == 0) wanted &= ~device_status::kDriverOk;
    status_ = wanted;
    if ((wanted & ~before & device_status::kDriverOk) != 0) events_.driver_ready();
}

void CommonConfig::write_driver_features(std::uint32_t value) {
    if ((status_ & device_status::kFeaturesOk) != 0 || driver_feature_select_ > 1) return;
    const unsigned shift = 32 * driver_feature_select_;
    driver_features_ = (driver_features_ & ~(0xffffffffull << shift)) | std::uint64_t{value} << shift;
}

void CommonConfig::write_queue(Queue& queue, std::uint64_t offset, std::uint32_t value) {
    if (offset == kQueueVector) {
        queue.vector = checked_vector(value);
        return;
    }
    if (queue.enabled) return;  // the rest is fixed while the queue runs
    switch (offset) {
        case kQueueSize:
            if (value <= queue.maximum && std::has_single_bit(value)) {
                queue.layout.size = static_cast<std::uint16_t>(value);
            }
            return;
        case kQueueEnable:
            if (value == 1) enable(queue);
            return;
        case kQueueNotifyOffset: return;
        default: write_queue_address(queue, offset, value);
    }
}

void CommonConfig::write_queue_address(Queue& queue, std::uint64_t offset, std::uint32_t value) {
    if (offset < kQueueDescriptors) return;
    Gpa& address = const_cast<Gpa&>(address_field(queue.layout, offset));
    const unsigned shift = offset % 8 == 0 ? 0 : 32;
    address = (address & ~(0xffffffffull << shift)) | std::uint64_t{value} << shift;
}

void CommonConfig::enable(Queue& queue) {
    if ((status_ & device_status::kFeaturesOk) == 0) return;
    queue.enabled = true;
    if (!queue.ring.start(queue.layout, (driver_features_ & feature::kEventIndex) != 0)) events_.queue_unusable();
}

// 4.1.5.1.2: a vector that cannot be used reads back as none.
std::uint16_t CommonConfig::checked_vector(std::uint32_t value) const {
    return value < vectors_ ? static_cast<std::uint16_t>(value) : kNoVector;
}

void CommonConfig::begin_reset() {
    driver_features_ = 0;
    device_feature_select_ = driver_feature_select_ = 0;
    config_vector_ = kNoVector;
    queue_select_ = 0;
    for (Queue& queue : queues_) {
        queue.ring.stop();
        queue.layout = {.size = queue.maximum};
        queue.vector = kNoVector;
        queue.enabled = false;
    }
}

}  // namespace hospes::virtio
