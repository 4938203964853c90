// The registers of a CPU by GDB's numbers: reading and writing them in its state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cpu/vcpu_state.h"
#include "gdb/register_list.h"
#include "x86/xsave_layout.h"

namespace hospes::gdb {

class Registers {
  public:
    // Of a CPU whose XCR0 may have the bits `xcr0`, and whose XSAVE areas have that layout.
    Registers(std::uint64_t xcr0, const x86::XsaveLayout& layout);

    // target.xml.
    const std::string& description() const { return description_; }
    std::size_t count() const { return all_.size(); }
    // Bytes that register `number` has; nullopt: there is no such register.
    std::optional<std::size_t> size(std::size_t number) const;
    // Appends register `number`, which there is, as little-endian hexadecimal digits.
    void append(std::string& to, const cpu::VcpuState& state, std::size_t number) const;
    // Of as many bytes. What a debugger may not change stays as it is.
    void set(cpu::VcpuState& state, std::size_t number, std::span<const std::uint8_t> bytes) const;

  private:
    void set_in_area(cpu::VcpuState& state, const Register& one, const std::uint8_t* bytes) const;

    x86::XsaveLayout layout_;
    std::string description_;
    std::vector<Register> all_;
};

}  // namespace hospes::gdb
