// virtio-blk: a block::Disk for the guest (virtio 1.2, 5.2).
#pragma once

#include <memory>
#include <vector>

#include "block/disk.h"
#include "virtio/blk/config.h"
#include "virtio/blk/request.h"
#include "virtio/device.h"

namespace hospes::virtio::blk {

// A request is done on the thread that notified, unless the disk takes it elsewhere.
class Device final : public virtio::Device {
  public:
    static std::unique_ptr<Device> create(std::unique_ptr<block::Disk> disk);
    ~Device() override;

    DeviceType type() const override { return {2, 0x010000}; }
    std::uint64_t features() const override { return features_of(*disk_); }
    std::span<const std::uint16_t> queue_sizes() const override;
    std::span<const std::byte> config() const override { return std::as_bytes(std::span(&config_, 1)); }
    void activate(Link& link) override;
    void notified(unsigned index) override;
    bool reset() override;

    // Requests that the host failed.
    std::uint64_t io_errors() const { return io_errors_; }

  private:
    struct Slot;

    explicit Device(std::unique_ptr<block::Disk> disk);

    Slot& free_slot();
    bool start(Slot& slot);
    void submit(Slot& slot);
    void finish(Slot& slot, block::Status status);
    void finish_later(Slot& slot, block::Status status);
    void answer(Slot& slot, Answer answer);
    void copy_serial(const Request& request);

    std::unique_ptr<block::Disk> disk_;
    Config config_;
    Link* link_ = nullptr;
    bool write_through_ = false;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<Slot*> free_;
    unsigned pending_ = 0;
    Link* resetting_ = nullptr;
    std::uint64_t io_errors_ = 0;
};

}  // namespace hospes::virtio::blk
