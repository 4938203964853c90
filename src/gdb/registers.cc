#include "gdb/registers.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "gdb/hex.h"
#include "x86/registers.h"

namespace hospes::gdb {

namespace {

using cpu::VcpuState;

constexpr std::uint16_t kInitialFcw = 0x37f;
constexpr std::uint32_t kInitialMxcsr = 0x1f80;
constexpr std::size_t kLargest = 32;  // of all registers

constexpr std::array<std::uint64_t VcpuState::*, 6> kSystem = {
    &VcpuState::kernel_gs_base, &VcpuState::cr0, &VcpuState::cr2, &VcpuState::cr3, &VcpuState::cr4, &VcpuState::efer};

bool initialised(const VcpuState& state, std::uint64_t component) {
    return (state.xsave[area::kXstateBv] & component) != 0;
}

// Of a component that the area leaves out: what the processor would have after XRSTOR.
std::uint64_t initial_value(std::size_t offset) {
    if (offset == area::kFcw) return kInitialFcw;
    return offset == area::kMxcsr ? kInitialMxcsr : 0;
}

// FCW, FSW, FOP and the selectors have 16 bits in the area, and 32 here.
std::size_t bytes_in_area(const Register& one) {
    const bool half = one.where == Where::X87 && one.size == 4 && one.index != area::kFip && one.index != area::kFdp;
    return half ? 2 : one.size;
}

// The tag word with its 2 bits a register: used or empty; by physical register, as the area's byte is.
std::uint64_t full_tags(std::uint8_t used) {
    std::uint64_t tags = 0;
    for (unsigned i = 0; i < 8; ++i) tags |= (used >> i & 1) != 0 ? 0 : 3ull << (2 * i);
    return tags;
}

// The component that a register of the XSAVE area belongs to; 0 for others.
std::uint64_t area_component(const Register& one) {
    switch (one.where) {
        case Where::X87: return x86::xcr0::X87;
        case Where::Sse: return x86::xcr0::SSE;
        case Where::Extended: return one.component;
        default: return 0;
    }
}

std::uint64_t plain_value(const VcpuState& state, const Register& one) {
    switch (one.where) {
        case Where::Gpr: return state.gpr[one.index];
        case Where::Rip: return state.rip;
        case Where::Flags: return state.rflags;
        case Where::Selector: return state.segments[one.index].selector;
        case Where::Base: return state.segments[one.index].base;
        case Where::System: return state.*kSystem[one.index];
        case Where::Tags:
            return full_tags(initialised(state, x86::xcr0::X87) ? state.xsave[area::kFtw] : std::uint8_t{0});
        case Where::Extended: return 0;
        case Where::X87:
        case Where::Sse: break;
    }
    return initial_value(one.index);
}

// What the flags may be changed to: not the mode of the processor.
constexpr std::uint64_t kFlags = x86::rflags::kStatus | x86::rflags::TF | x86::rflags::IF | x86::rflags::DF |
                                 x86::rflags::IOPL | x86::rflags::NT | x86::rflags::RF | x86::rflags::AC |
                                 x86::rflags::ID;

void reset_x87(std::uint8_t* bytes) {
    std::memset(bytes, 0, area::kMxcsr);
    std::memset(bytes + area::kSt0, 0, area::kXmm0 - area::kSt0);
    std::memcpy(bytes + area::kFcw, &kInitialFcw, sizeof kInitialFcw);
}

void reset_sse(std::uint8_t* bytes) {
    std::memset(bytes + area::kXmm0, 0, area::kXmmEnd - area::kXmm0);
    std::memcpy(bytes + area::kMxcsr, &kInitialMxcsr, sizeof kInitialMxcsr);
}

}  // namespace

Registers::Registers(std::uint64_t xcr0, const x86::XsaveLayout& layout) : layout_(layout) {
    const std::vector<Feature> features = features_of(xcr0, layout);
    description_ = describe(features);
    for (const Feature& feature : features) {
        all_.insert(all_.end(), feature.registers.begin(), feature.registers.end());
    }
}

std::optional<std::size_t> Registers::size(std::size_t number) const {
    if (number >= all_.size()) return std::nullopt;
    return all_[number].size;
}

void Registers::append(std::string& to, const VcpuState& state, std::size_t number) const {
    const Register& one = all_[number];
    std::uint8_t bytes[kLargest] = {};
    const std::uint64_t component = area_component(one);
    if (component != 0 && initialised(state, component)) {
        std::memcpy(bytes, state.xsave.data() + one.index, bytes_in_area(one));
    } else {
        const std::uint64_t value = plain_value(state, one);
        std::memcpy(bytes, &value, sizeof value);
    }
    append_hex(to, {bytes, one.size});
}

void Registers::set_in_area(VcpuState& state, const Register& one, const std::uint8_t* bytes) const {
    const std::uint64_t component = area_component(one);
    if (!initialised(state, component)) {
        state.xsave[area::kXstateBv] |= static_cast<std::uint8_t>(component);
        if (component == x86::xcr0::X87) reset_x87(state.xsave.data());
        if (component == x86::xcr0::SSE) reset_sse(state.xsave.data());
        for (const x86::XsaveComponent& extended : layout_) {
            if (extended.bit() == component) std::memset(state.xsave.data() + extended.offset, 0, extended.size);
        }
    }
    std::memcpy(state.xsave.data() + one.index, bytes, bytes_in_area(one));
}

// Selectors and control registers stay: what goes with them (a descriptor, a mode) would not follow.
void Registers::set(VcpuState& state, std::size_t number, std::span<const std::uint8_t> bytes) const {
    const Register& one = all_[number];
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), std::min<std::size_t>(bytes.size(), sizeof value));
    switch (one.where) {
        case Where::Gpr: state.gpr[one.index] = value; return;
        case Where::Rip: state.rip = value; return;
        case Where::Flags: state.rflags = (state.rflags & ~kFlags) | (value & kFlags); return;
        case Where::X87:
        case Where::Sse:
        case Where::Extended: set_in_area(state, one, bytes.data()); return;
        case Where::Base:
        case Where::Selector:
        case Where::System:
        case Where::Tags: return;
    }
}

}  // namespace hospes::gdb
