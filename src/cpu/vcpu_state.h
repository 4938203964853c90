// The whole architectural state of one vCPU, in no engine's terms: what is saved, restored, moved and shown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "cpu/kept_msrs.h"
#include "x86/local_apic.h"
#include "x86/registers.h"
#include "x86/segment.h"

namespace hospes::cpu {

// Bytes of an XSAVE area in the standard (non-compacted) format of the vCPU's CPU model.
inline constexpr unsigned kXsaveSize = 4096;

struct VcpuState {
    std::array<std::uint64_t, x86::kGprCount> gpr{};
    std::uint64_t rip = 0;
    std::uint64_t rflags = x86::rflags::kFixed1;

    std::array<x86::Segment, x86::kSegmentCount> segments{};  // by x86::SegmentRegister
    x86::Segment ldtr;
    x86::Segment tr;
    x86::DescriptorTable gdtr;
    x86::DescriptorTable idtr;

    std::uint64_t cr0 = x86::cr0::ET;
    std::uint64_t cr2 = 0;
    std::uint64_t cr3 = 0;
    std::uint64_t cr4 = 0;
    std::uint64_t efer = 0;
    std::uint64_t xcr0 = x86::xcr0::X87;
    std::array<std::uint64_t, 4> dr{};
    std::uint64_t dr6 = 0xffff0ff0;
    std::uint64_t dr7 = 0x400;

    std::uint64_t star = 0, lstar = 0, cstar = 0, fmask = 0;
    std::uint64_t kernel_gs_base = 0;
    std::uint64_t sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0;
    std::uint64_t pat = 0x0007040600070406;
    std::uint64_t tsc_aux = 0;
    std::uint64_t tsc_offset = 0;  // guest TSC = host TSC + tsc_offset
    std::uint64_t tsc_adjust = 0;  // IA32_TSC_ADJUST: what the guest has written into it, in tsc_offset already
    std::uint64_t xss = 0;
    KeptMsrValues kept;  // IA32_SPEC_CTRL, MTRRs and such, wherever an engine has them

    bool interrupt_shadow = false;  // after STI or MOV SS: no interrupt before the next instruction
    bool nmi_blocked = false;       // from the delivery of an NMI to the next IRET
    bool halted = false;

    // What belongs to the local APIC, or comes from it. An engine without local APICs gives and takes none of it: for
    // its vCPUs, machine::Processor does.
    bool nmi_pending = false;  // an NMI waits to be taken
    // Wait-for-SIPI (SDM volume 3, 9.4): an application processor that nobody has started. Engines without local APICs
    // do not run it until it is.
    bool waits_for_start_up = false;
    // Without it, set_state() leaves the vCPU's as it is.
    std::optional<x86::LocalApicRegisters> local_apic;

    alignas(64) std::array<std::uint8_t, kXsaveSize> xsave{};  // standard format; XSTATE_BV at byte 512
};

// State at power-on for a machine that boots a kernel directly: protected mode off, FPU initialised,
// no segment loaded. The boot loader of the machine fills in the entry state.
VcpuState initial_state();

}  // namespace hospes::cpu
