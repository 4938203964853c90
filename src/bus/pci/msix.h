// MSI-X table and pending bits (PCI Local Bus 3.0, 6.8.2): what stands behind the table's BAR.
#pragma once

#include <cstdint>
#include <vector>

#include "bus/io_device.h"
#include "bus/msi.h"
#include "bus/pci/registers.h"

namespace hospes::pci {

class Msix final : public bus::IoDevice {
  public:
    // `vectors` is 1 .. msix::kMaxVectors.
    explicit Msix(unsigned vectors);

    unsigned vectors() const { return static_cast<unsigned>(entries_.size()); }
    std::uint32_t pba_offset() const { return pba_offset_; }
    std::uint32_t bar_size() const { return bar_size_; }

    // Where messages go; none go anywhere before.
    void connect(bus::MsiTarget& target) { target_ = &target; }
    // Follows the function's Message Control and Command registers. `can_send`: enabled and bus master.
    void set_control(bool can_send, bool function_masked);

    // Sends vector's message, or remembers it while masked (6.8.2.9). Vectors out of range are ignored.
    void signal(unsigned vector);
    // Every vector masked, nothing pending.
    void reset();

    // The BAR's contents: the table from 0, the pending bits from pba_offset(). Aligned 4- and 8-byte accesses.
    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 4; }

  private:
    struct Entry {
        std::uint32_t words[4] = {0, 0, 0, msix::kVectorMasked};  // address, upper address, data, vector control
        bool pending = false;

        bool masked() const { return (words[3] & msix::kVectorMasked) != 0; }
    };

    void send(Entry& entry);
    void send_if_pending(Entry& entry);
    std::uint32_t pending_word(std::uint64_t index) const;

    std::vector<Entry> entries_;
    std::uint32_t pba_offset_;
    std::uint32_t bar_size_;
    bus::MsiTarget* target_ = nullptr;
    bool can_send_ = false;
    bool function_masked_ = false;
};

}  // namespace hospes::pci
