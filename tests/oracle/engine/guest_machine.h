// A guest that has just enough of an operating system: the oracle's user address space, and a kernel half whose every
// interrupt gate leads to a HLT of its own.
#pragma once

#include <memory>

#include "case.h"
#include "cpu/vcpu_state.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::oracle {

// What the gate pushed, as it lies on the kernel's stack.
struct TrapFrame {
    std::uint32_t vector = 0;
    std::uint64_t error_code = 0;
    std::uint64_t rip = 0, cs = 0, rflags = 0, rsp = 0, ss = 0;
};

class GuestMachine {
  public:
    // Errors: no memory.
    static Result<std::unique_ptr<GuestMachine>> create();

    memory::GuestRam& ram() { return *ram_; }

    // User mode, with the control registers that Linux has as far as `model` knows them.
    cpu::VcpuState user_state(const x86::CpuidModel& model) const;
    static x86::Segment code_segment(std::uint16_t selector);

    // Puts a batch's code into place. The engine must be told: code_start(), kCodeSize.
    void load_code(const std::uint8_t* code);
    static Gpa code_start();

    // Puts a batch's image into the data pages.
    void load_image(const std::uint8_t* image);
    // Writable by the host, in the order of the image.
    std::uint8_t* (&data_pages())[kDataPageCount] { return data_pages_; }

    // False if `state` is not that of a halt behind a gate.
    bool read_frame(const cpu::VcpuState& state, TrapFrame& frame) const;

  private:
    GuestMachine() = default;
    void build_page_tables();
    void build_descriptor_tables();
    template <typename T>
    void put(Gpa gpa, T value);

    std::unique_ptr<memory::GuestRam> ram_;
    std::uint8_t* data_pages_[kDataPageCount] = {};
};

}  // namespace hospes::oracle
