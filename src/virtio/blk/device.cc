#include "virtio/blk/device.h"

#include <algorithm>
#include <utility>

namespace hospes::virtio::blk {

namespace {

constexpr std::uint16_t kQueueSizes[] = {kQueueSize};

bool changes_disk(block::Operation operation) {
    return operation != block::Operation::Read && operation != block::Operation::Flush;
}

}  // namespace

// One request under way.
struct Device::Slot final : block::Completion {
    explicit Slot(Device& owner) : device(owner) {}
    void complete(block::Status status) override { device.finish_later(*this, status); }

    Device& device;
    Chain chain;
    Request request;
};

std::unique_ptr<Device> Device::create(std::unique_ptr<block::Disk> disk) {
    return std::unique_ptr<Device>(new Device(std::move(disk)));
}

Device::Device(std::unique_ptr<block::Disk> disk) : disk_(std::move(disk)), config_(config_of(*disk_)) {}

Device::~Device() = default;

std::span<const std::uint16_t> Device::queue_sizes() const { return kQueueSizes; }

void Device::activate(Link& link) {
    link_ = &link;
    // 5.2.6.2: a driver that cannot flush expects its writes to be on stable storage when they finish.
    write_through_ = (link.negotiated() & feature::kFlush) == 0;
}

bool Device::reset() {
    resetting_ = pending_ > 0 ? link_ : nullptr;
    link_ = nullptr;
    return pending_ == 0;
}

Device::Slot& Device::free_slot() {
    if (free_.empty()) {
        slots_.push_back(std::make_unique<Slot>(*this));
        free_.push_back(slots_.back().get());
    }
    return *free_.back();
}

void Device::notified(unsigned index) {
    SplitQueue& queue = link_->queue(index);
    do {
        for (;;) {
            Slot& slot = free_slot();
            const SplitQueue::Pop result = queue.pop(slot.chain);
            if (result == SplitQueue::Pop::Empty) break;
            if (result == SplitQueue::Pop::Broken || !start(slot)) return link_->needs_reset();
        }
        link_->publish(index);
    } while (queue.enable_notifications());
}

// False if the request cannot even be answered.
bool Device::start(Slot& slot) {
    Request& request = slot.request;
    parse(slot.chain.readable(), slot.chain.writable(), request);
    switch (request.kind) {
        case Kind::NoAnswer: return false;
        case Kind::Refused: answer(slot, request.refusal); return true;
        case Kind::Serial:
            copy_serial(request);
            answer(slot, Answer::Ok);
            return true;
        case Kind::Disk: break;
    }
    free_.pop_back();
    ++pending_;
    submit(slot);
    return true;
}

void Device::submit(Slot& slot) {
    if (const auto status = disk_->submit(slot.request.operation, slot)) finish(slot, *status);
}

void Device::finish(Slot& slot, block::Status status) {
    if (write_through_ && status == block::Status::Ok && changes_disk(slot.request.operation.operation)) {
        slot.request.operation = {};
        slot.request.operation.operation = block::Operation::Flush;
        return submit(slot);
    }
    --pending_;
    free_.push_back(&slot);
    if (status == block::Status::IoError) ++io_errors_;
    if (link_ != nullptr) answer(slot, status == block::Status::Ok ? Answer::Ok : Answer::IoError);
}

void Device::finish_later(Slot& slot, block::Status status) {
    finish(slot, status);
    if (link_ != nullptr) link_->publish(0);
    if (pending_ == 0 && resetting_ != nullptr) std::exchange(resetting_, nullptr)->reset_finished();
}

void Device::answer(Slot& slot, Answer answer) {
    *slot.request.status = static_cast<std::byte>(answer);
    // All that may have been written, since the status is the last byte of it.
    link_->queue(0).push(slot.chain, static_cast<std::uint32_t>(slot.request.writable));
}

// 5.2.6.2: 20 bytes, padded with zeroes, not terminated if it is that long.
void Device::copy_serial(const Request& request) {
    char serial[kSerialSize] = {};
    std::copy_n(disk_->serial().begin(), std::min<std::size_t>(disk_->serial().size(), kSerialSize), serial);
    copy_in(request.data, 0, serial, sizeof serial);
}

}  // namespace hospes::virtio::blk
