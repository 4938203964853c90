// Which host register holds what while guest code runs.
//
// RSP points at the GuestState (and is the host stack). The engine needs three scratch registers; the guest's RSP
// lives in R15, and the four guest registers thus displaced (R9, R10, R11, R15) live in GuestState::gpr. They were
// chosen by measured frequency in compiled code. All other guest registers are in the host register of their name.
#pragma once

#include <cstdint>

#include "x86/registers.h"

namespace hospes::translator {

using HostReg = std::uint8_t;  // x86 register number

inline constexpr HostReg kState = x86::RSP;
inline constexpr HostReg kT0 = x86::R11;
inline constexpr HostReg kT1 = x86::R10;
inline constexpr HostReg kT2 = x86::R9;
inline constexpr HostReg kGuestRsp = x86::R15;
inline constexpr HostReg kNoReg = 0xff;

constexpr bool is_displaced(unsigned guest) {
    return guest == x86::R9 || guest == x86::R10 || guest == x86::R11 || guest == x86::R15;
}

// Host register of a guest register that has one; kNoReg for the displaced.
constexpr HostReg host_register(unsigned guest) {
    if (is_displaced(guest)) return kNoReg;
    return guest == x86::RSP ? kGuestRsp : static_cast<HostReg>(guest);
}

}  // namespace hospes::translator
