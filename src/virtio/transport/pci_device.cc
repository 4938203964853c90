#include "virtio/transport/pci_device.h"

#include <array>
#include <cstring>

namespace hospes::virtio {

namespace {

constexpr std::uint16_t kVendor = 0x1af4;
constexpr std::uint16_t kFirstDevice = 0x1040;  // + virtio device ID (4.1.2)
constexpr std::uint16_t kSubsystem = 0x1100;

// BARs 0-1: the structures, a page each, so that an engine may one day map them one by one. BARs 2-3: MSI-X.
constexpr unsigned kRegisterBar = 0;
constexpr unsigned kMsixBar = 2;
constexpr std::uint32_t kCommon = 0x0000;
constexpr std::uint32_t kIsr = 0x1000;
constexpr std::uint32_t kDeviceConfig = 0x2000;
constexpr std::uint32_t kNotify = 0x3000;
constexpr std::uint32_t kPage = 0x1000;
constexpr std::uint32_t kRegisterSize = 0x4000;
constexpr std::uint32_t kNotifyMultiplier = 4;

// 4.1.4
constexpr std::uint8_t kCommonType = 1, kNotifyType = 2, kIsrType = 3, kDeviceType = 4, kWindowType = 5;
constexpr unsigned kCapabilitySize = 16;
constexpr unsigned kWindowBar = 4, kWindowOffset = 8, kWindowLength = 12, kWindowData = 16;

constexpr std::uint8_t kIsrQueue = 1, kIsrConfig = 2;  // 4.1.4.5

pci::Identity identity(DeviceType type) {
    return {.vendor = kVendor,
            .device = static_cast<std::uint16_t>(kFirstDevice + type.id),
            .revision = 1,
            .class_code = type.pci_class,
            .subsystem_vendor = kVendor,
            .subsystem = kSubsystem,
            .has_interrupt_pin = true};
}

// struct virtio_pci_cap (and one word more where a type has it) without the two bytes that every capability has.
std::array<std::uint8_t, 18> capability_body(std::uint8_t type, std::uint8_t length, std::uint32_t offset,
                                             std::uint32_t size, std::uint32_t extra) {
    std::array<std::uint8_t, 18> body{};
    body[0] = length;
    body[1] = type;
    body[2] = kRegisterBar;
    std::memcpy(&body[6], &offset, 4);
    std::memcpy(&body[10], &size, 4);
    std::memcpy(&body[14], &extra, 4);
    return body;
}

std::uint64_t all_features(const Device& device) {
    return device.features() | feature::kVersion1 | feature::kEventIndex | feature::kIndirectDescriptors;
}

unsigned vector_count(const Device& device) { return static_cast<unsigned>(device.queue_sizes().size()) + 1; }

}  // namespace

PciDevice::PciDevice(std::unique_ptr<Device> device, memory::GuestRam& ram, memory::DmaObserver& observer,
                     TimeSource& time)
    : Function(identity(device->type())),
      device_(std::move(device)),
      common_(*this, all_features(*device_), device_->queue_sizes(), vector_count(*device_), ram, observer),
      registers_(*this),
      time_(time),
      unfinished_(common_.queue_count()),
      rest_(time.create_timer([this] { serve_rest(); })) {
    add_bar(kRegisterBar, pci::BarKind::Memory64, kRegisterSize, registers_);
    add_capabilities();
    add_msix(vector_count(*device_), kMsixBar);
}

PciDevice::~PciDevice() = default;

void PciDevice::add_capabilities() {
    const auto add = [&](std::uint8_t type, std::uint32_t offset, std::uint32_t size, unsigned length,
                         std::uint32_t extra) {
        const auto body = capability_body(type, static_cast<std::uint8_t>(length), offset, size, extra);
        return add_capability(pci::capability::kVendor, std::span(body).first(length - 2));
    };
    const std::uint32_t notify_size = common_.queue_count() * kNotifyMultiplier;
    add(kCommonType, kCommon, CommonConfig::kSize, kCapabilitySize, 0);
    add(kNotifyType, kNotify, notify_size, kCapabilitySize + 4, kNotifyMultiplier);
    add(kIsrType, kIsr, 1, kCapabilitySize, 0);
    if (const std::size_t size = device_->config().size()) {
        add(kDeviceType, kDeviceConfig, static_cast<std::uint32_t>(size), kCapabilitySize, 0);
    }
    window_capability_ = add(kWindowType, 0, 0, kCapabilitySize + 4, 0);
    config().set_writable(window_capability_ + kWindowBar, 1, 0xff);
    config().set_writable(window_capability_ + kWindowOffset, 4, ~0u);
    config().set_writable(window_capability_ + kWindowLength, 4, ~0u);
    config().set_writable(window_capability_ + kWindowData, 4, ~0u);
}

std::uint64_t PciDevice::read_register(std::uint64_t offset, unsigned size) {
    switch (offset & ~std::uint64_t{kPage - 1}) {
        case kCommon: return common_.read(offset - kCommon, size);
        case kIsr: return offset == kIsr && size == 1 ? read_isr() : 0;
        case kDeviceConfig: return read_device_config(offset - kDeviceConfig, size);
        default: return 0;
    }
}

void PciDevice::write_register(std::uint64_t offset, std::uint64_t value, unsigned size) {
    switch (offset & ~std::uint64_t{kPage - 1}) {
        case kCommon: return common_.write(offset - kCommon, static_cast<std::uint32_t>(value), size);
        case kNotify: return notify((offset - kNotify) / kNotifyMultiplier);
        default: return;  // no device here has writable configuration
    }
}

std::uint8_t PciDevice::read_isr() {
    const std::uint8_t isr = isr_;
    isr_ = 0;
    set_interrupt(false);
    return isr;
}

std::uint32_t PciDevice::read_device_config(std::uint64_t offset, unsigned size) const {
    const std::span<const std::byte> bytes = device_->config();
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size && offset + i < bytes.size(); ++i) {
        value |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
    }
    return value;
}

// Up to twice what the ring holds; the rest later, so that others get the machine's lock between.
void PciDevice::notify(std::uint64_t index) {
    if (!active_ || !bus_master() || index >= common_.queue_count()) return;
    const auto number = static_cast<unsigned>(index);
    SplitQueue& queue = common_.queue(number);
    if (!queue.running()) return;
    queue.limit(2 * queue.size());
    device_->notified(number);
    if (queue.limit_reached()) {
        unfinished_[number] = true;
        rest_->arm(time_.now());
    }
    queue.limit(SplitQueue::kNoLimit);
}

void PciDevice::serve_rest() {
    for (unsigned i = 0; i < unfinished_.size(); ++i) {
        if (!unfinished_[i]) continue;
        unfinished_[i] = false;
        notify(i);
    }
}

void PciDevice::interrupt(std::uint16_t vector, std::uint8_t isr_bit) {
    if (msix_enabled()) {
        if (vector != kNoVector) signal_msix(vector);
        return;
    }
    isr_ |= isr_bit;
    set_interrupt(true);
}

void PciDevice::publish(unsigned index) {
    if (common_.queue(index).publish()) interrupt(common_.queue_vector(index), kIsrQueue);
}

void PciDevice::config_changed() {
    common_.next_generation();
    if (common_.driver_ready()) interrupt(common_.config_vector(), kIsrConfig);
}

void PciDevice::needs_reset() {
    ++malformed_;
    active_ = false;  // the device itself hears of it at the driver's reset
    common_.set_needs_reset();
    if (common_.driver_ready()) interrupt(common_.config_vector(), kIsrConfig);
}

void PciDevice::driver_ready() {
    if ((common_.status() & device_status::kNeedsReset) != 0) return;
    active_ = true;
    started_ = true;
    device_->activate(*this);
    // A driver may have filled queues, and even notified, before it was ready.
    for (unsigned i = 0; i < common_.queue_count(); ++i) notify(i);
}

void PciDevice::driver_reset() {
    active_ = false;
    unfinished_.assign(unfinished_.size(), false);
    if (started_) draining_ = !device_->reset();
    started_ = false;
    common_.begin_reset();
    isr_ = 0;
    set_interrupt(false);
    // 4.1.4.3.2: the driver waits until the status reads 0, which it does once no request uses its memory.
    if (!draining_) common_.finish_reset();
}

void PciDevice::reset_finished() {
    draining_ = false;
    common_.finish_reset();
}

// 4.1.4.9: the window's size and place, if the driver set it to something sensible.
bool PciDevice::window(std::uint32_t& offset, unsigned& size) const {
    const pci::ConfigSpace& space = config();
    offset = space.get(window_capability_ + kWindowOffset, 4);
    size = space.get(window_capability_ + kWindowLength, 4);
    const bool sensible = (size == 1 || size == 2 || size == 4) && offset % size == 0;
    return sensible && space.get(window_capability_ + kWindowBar, 1) == kRegisterBar && offset < kRegisterSize;
}

void PciDevice::before_config_read(unsigned offset, unsigned size) {
    std::uint32_t target = 0;
    unsigned width = 0;
    const unsigned data = window_capability_ + kWindowData;
    if (!pci::overlaps(offset, size, data, 4) || !window(target, width)) return;
    config().set(data, width, static_cast<std::uint32_t>(read_register(target, width)));
}

void PciDevice::after_config_write(unsigned offset, unsigned size) {
    std::uint32_t target = 0;
    unsigned width = 0;
    const unsigned data = window_capability_ + kWindowData;
    if (!pci::overlaps(offset, size, data, 4) || !window(target, width)) return;
    write_register(target, config().get(data, width), width);
}

}  // namespace hospes::virtio
