// The two 8259A interrupt controllers of a PC, cascaded through IRQ 2 (Intel 8259A data sheet; ELCR: PIIX3 4.2.6).
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "bus/io_device.h"

namespace hospes::devices {

// One 8259A, without its place in the cascade.
class Pic8259 {
  public:
    // `elcr_mask`: the inputs that ELCR can make level-triggered; `always_level`: those that are (the cascade).
    Pic8259(std::uint8_t elcr_mask, std::uint8_t always_level) : elcr_mask_(elcr_mask), always_level_(always_level) {}

    void set_line(unsigned irq, bool asserted);
    // The input with the highest priority that would be served now, or -1.
    int pending() const;
    // The first half of the INTA cycle for `irq`: sets ISR, clears an edge's IRR.
    void acknowledge(unsigned irq);

    std::uint8_t read(unsigned address) const;
    void write(unsigned address, std::uint8_t value);

    std::uint8_t elcr() const { return elcr_; }
    void set_elcr(std::uint8_t value) { elcr_ = value & elcr_mask_; }
    std::uint8_t vector_base() const { return vector_base_; }

    bool polling() const { return poll_; }
    void end_poll() { poll_ = false; }

  private:
    std::uint8_t level_triggered() const { return elcr_ | always_level_; }
    unsigned priority_of(std::uint8_t mask) const;
    void write_icw1(std::uint8_t value);
    void write_ocw2(std::uint8_t value);
    void write_ocw3(std::uint8_t value);

    std::uint8_t lines_ = 0, irr_ = 0, imr_ = 0, isr_ = 0;
    std::uint8_t elcr_ = 0, elcr_mask_, always_level_;
    std::uint8_t vector_base_ = 0;
    std::uint8_t lowest_priority_ = 7;
    std::uint8_t expected_icw_ = 0;  // 0: initialised
    bool wants_icw4_ = false;
    bool read_isr_ = false, poll_ = false, special_mask_ = false;
    bool auto_eoi_ = false, rotate_on_auto_eoi_ = false, special_fully_nested_ = false;
};

// Master at 0x20, slave at 0xa0, ELCR at 0x4d0.
class Pic {
  public:
    // `changed` is called when the INT output may have changed.
    explicit Pic(std::function<void()> changed);

    void set_line(unsigned irq, bool asserted);  // IRQ 0..15
    bool interrupt() const;                      // the INT output
    // The INTA cycle: a vector, the spurious one (IRQ 7 or 15) if the request went away.
    std::uint8_t acknowledge();

    // Ports: attach master() at 0x20 and slave() at 0xa0 (2 each), elcr() at 0x4d0 (2).
    bus::IoDevice& master() { return master_port_; }
    bus::IoDevice& slave() { return slave_port_; }
    bus::IoDevice& elcr() { return elcr_port_; }

  private:
    class ChipPort final : public bus::IoDevice {
      public:
        ChipPort(Pic& pic, unsigned chip) : pic_(pic), chip_(chip) {}
        std::uint64_t read(std::uint64_t offset, unsigned) override;
        void write(std::uint64_t offset, std::uint64_t value, unsigned) override;
        unsigned max_access() const override { return 1; }

      private:
        Pic& pic_;
        unsigned chip_;
    };
    class ElcrPort final : public bus::IoDevice {
      public:
        explicit ElcrPort(Pic& pic) : pic_(pic) {}
        std::uint64_t read(std::uint64_t offset, unsigned) override;
        void write(std::uint64_t offset, std::uint64_t value, unsigned) override;
        unsigned max_access() const override { return 1; }

      private:
        Pic& pic_;
    };

    void update();
    std::uint8_t poll(unsigned chip);

    std::array<Pic8259, 2> chips_;
    std::function<void()> changed_;
    ChipPort master_port_{*this, 0}, slave_port_{*this, 1};
    ElcrPort elcr_port_{*this};
};

}  // namespace hospes::devices
