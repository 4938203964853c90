// What a vCPU looks out for: the breakpoints of the guest's debug registers (SDM volume 3, 18.2) and those of its
// debugger. Setting them is cold, looking is hot.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/debugging.h"
#include "engine/translator/guest_state.h"

namespace hospes::translator {

class Watch {
  public:
    // Whose breakpoint it is: a set of bits. The guest's are those of DR6.
    using Owners = std::uint8_t;
    static constexpr Owners kGuest = 0xf;
    static constexpr Owners kDebugger = 0x10;

    // The guest has other debug registers, or the debugger asks for something else. True: accesses to pages that were
    // left alone so far are to be seen from now on.
    bool follow(const GuestState& state);
    bool obey(const cpu::DebugRequest& request, const GuestState& state);

    bool any_code() const { return code_count_ != 0; }
    bool any_data() const { return data_count_ != 0; }
    bool steps() const { return steps_; }

    // Who has an instruction breakpoint at `address`.
    Owners code_at(Gva address) const;
    bool code_within(Gva first, std::uint64_t size) const;

    bool data_in_page(Gva address) const;
    // Whose data breakpoints an access hits. `index`: which one of the debugger's, if it is among them.
    Owners data_hits(Gva address, std::uint64_t size, bool write, std::uint32_t& index) const;
    const cpu::DataBreakpoint& data(std::uint32_t index) const { return data_list_[index].area; }

  private:
    struct Code {
        Gva address;
        Owners owners;
    };
    struct Data {
        cpu::DataBreakpoint area;
        Owners owners;
    };

    bool rebuild(const GuestState& state);
    void add_guest(const GuestState& state);
    unsigned first_code_from(Gva address) const;

    std::vector<Gva> asked_code_;
    std::vector<cpu::DataBreakpoint> asked_data_;
    bool steps_ = false;
    // By address. Beside each list what hot code reads of it, which calls no function of a vector.
    std::vector<Code> code_list_;
    std::vector<Data> data_list_;
    const Code* code_ = nullptr;
    const Data* data_ = nullptr;
    unsigned code_count_ = 0, data_count_ = 0;
};

}  // namespace hospes::translator
