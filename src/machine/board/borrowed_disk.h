// A disk that a device uses but does not own: it outlives the machine, so that a reset keeps its lock on the image.
#pragma once

#include "block/disk.h"

namespace hospes::machine {

class BorrowedDisk final : public block::Disk {
  public:
    explicit BorrowedDisk(block::Disk& disk) : disk_(disk) {}
    std::uint64_t size() const override { return disk_.size(); }
    bool read_only() const override { return disk_.read_only(); }
    const std::string& serial() const override { return disk_.serial(); }
    std::optional<block::Status> submit(const block::Request& request, block::Completion& completion) override {
        return disk_.submit(request, completion);
    }

  private:
    block::Disk& disk_;
};

}  // namespace hospes::machine
