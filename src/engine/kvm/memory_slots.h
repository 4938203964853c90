// The guest's RAM as KVM has it: a slot for each of its pieces, and which pages of one its vCPUs have written.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "memory/guest_ram.h"

namespace hospes::kvm {

class MemorySlots {
  public:
    // All by GuestRam::page_index(). A slot begins at a multiple of 64.
    struct Slot {
        std::uint32_t number = 0;
        Gpa gpa = 0;
        std::uint64_t first = 0, count = 0;
        bool logged = false;
    };

    // Gives `ram` to the VM `vm`. Both outlive this.
    static Result<MemorySlots> create(int vm, const memory::GuestRam& ram);

    // The slot that RAM page `page` is in.
    Slot& slot_of(std::uint64_t page);
    Result<void> set_logged(Slot& slot, bool logged);
    // What vCPUs have written of words [first, first + bits.size()) of 64 pages each of a slot that is logged, and is
    // forgotten. All bits that `bits` has set are asked for; the others are left alone, and cleared in the answer.
    Result<void> fetch(const Slot& slot, std::uint64_t first, std::vector<std::uint64_t>& bits) const;

  private:
    MemorySlots(int vm, const memory::GuestRam& ram);
    int apply(const Slot& slot) const;

    int vm_;
    const memory::GuestRam* ram_;
    std::array<Slot, 2> slots_;  // below the hole, and above it
};

}  // namespace hospes::kvm
