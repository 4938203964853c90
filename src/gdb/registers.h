// The registers of an x86-64 CPU as GDB counts them, and the description from which it learns that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cpu/vcpu_state.h"

namespace hospes::gdb {

// target.xml.
const std::string& target_description();

std::size_t register_count();
// Appends register `number`, which there is, as little-endian hexadecimal digits.
void append_register(std::string& to, const cpu::VcpuState& state, std::size_t number);
// Bytes that register `number` has; nullopt: there is no such register.
std::optional<std::size_t> register_size(std::size_t number);
// Of as many bytes. What a debugger may not change stays as it is.
void set_register(cpu::VcpuState& state, std::size_t number, std::span<const std::uint8_t> bytes);

}  // namespace hospes::gdb
