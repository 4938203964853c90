// The instructions and events that are not translated but done in C++: what changes mode, privilege, descriptor
// tables, control registers or device state, and the rare or hard to place rest.
#pragma once

#include <cstdint>

#include <Zydis/Zydis.h>

#include "cpu/kept_msrs.h"
#include "cpu/vcpu_host.h"
#include "engine/translator/checked.h"
#include "engine/translator/mmu/mmu.h"
#include "x86/cpuid_model.h"

namespace hospes::translator {

// One decoded guest instruction.
struct DecodedInstruction {
    ZydisDecodedInstruction info;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    // Set by decode.
    bool admitted = true;   // the CPU model has it (decode/feature_gate.h); #UD if not
    bool too_long = false;  // over 15 bytes: #GP(0), where other bad encodings (mnemonic INVALID) give #UD
};

// What the dispatcher is to do about cached translations after C++ changed something. Bits.
enum Flush : std::uint32_t {
    kFlushNothing = 0,
    kFlushNonGlobal = 1,  // all TLB entries of the current PCID but global ones (MOV CR3)
    kFlushAll = 2,        // global ones too (CR0.PG/WP, CR4, EFER.NXE ...)
    kFlushPage = 4,       // `page` (INVLPG), global or not
    kChangeSpace = 8,     // CR3 has another PCID
    kFlushOthers = 16,    // all entries of PCIDs that are not current
};

// No guest load runs on a host mapping that denies it, so Meltdown and kin find nothing; against what host hardware
// leaks between guest programs, a guest's own means (VERW, PTI, retpolines) have no effect here and would only cost.
// RDCL_NO IBRS_ALL SKIP_L1DFL_VMENTRY SSB_NO MDS_NO PSCHANGE_MC_NO TAA_NO SBDR_SSDP_NO FBSDP_NO PSDP_NO BHI_NO
// PBRSB_NO GDS_NO RFDS_NO ITS_NO.
inline constexpr std::uint64_t kArchCapabilities = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 |
                                                   1u << 13 | 1u << 14 | 1u << 15 | 1u << 20 | 1u << 24 | 1u << 26 |
                                                   1u << 27 | 1ull << 62;

// MSRs that only C++ looks at and that no other state holds.
struct MsrState {
    std::uint64_t spec_ctrl = 0;
    std::uint64_t tsc_adjust = 0;
    cpu::KeptMsrs kept{kArchCapabilities};
};

// The C++ core of one vCPU.
struct System {
    MmuContext mmu;
    const x86::CpuidModel& model;
    std::uint32_t flush = kFlushNothing;  // requests gathered by execute(); the dispatcher carries them out and clears
    Gva flush_page = 0;
    unsigned vcpu = 0;  // its number, for CPUID
    MsrState msrs = {};
    bool debug_registers_changed = false;  // by execute(); the dispatcher looks, and clears it
    unsigned ports_hit = 0;                // breakpoints that execute() hit, as bits of DR6; the dispatcher clears it
    const char* diagnosis = nullptr;       // why the last delivery was a triple fault, for the log

    [[gnu::always_inline]] GuestState& state() { return mmu.state; }
    [[gnu::always_inline]] cpu::VcpuHost& host() { return *mmu.host; }
};

// Executes one instruction that is not translated. state.rip is its address; on success state.rip has moved on
// (to the next instruction or the target); on a fault nothing but what the manual allows has changed (rep string
// instructions keep their progress; where one stops for state.attention, it succeeds and state.rip stays).
// An instruction that nobody implements logs its bytes and address (bounded) and gives #UD. HLT sets state.halted.
// Ends the interrupt shadow of the instruction before it, and may start one. The guest's vector state is in
// state.fpu, and is there, changed or not, afterwards.
Checked<void> execute(System& system, const DecodedInstruction& instruction);

// The same with the guest's vector state still in host registers, for instructions that is_hot() names. The fault
// kRedoCold means: nothing has happened yet, save the vector state and call execute().
Checked<void> execute_hot(System& system, const DecodedInstruction& instruction);

// What execute_hot() calls; nullptr if `mnemonic` needs the vector state saved. For callers that would rather not look
// it up each time: set mmu.vectors_live and deal with the interrupt shadow as execute_hot() does.
using Handler = Checked<void> (*)(System& system, const DecodedInstruction& instruction);
Handler hot_handler(ZydisMnemonic mnemonic);

// Whether execute_hot() can do the instruction, most of the time.
bool is_hot(const DecodedInstruction& instruction);

// Whether execute() knows `mnemonic` (used by decode to choose between #UD and a call).
bool can_execute(ZydisMnemonic mnemonic);

enum class Delivery : std::uint8_t {
    Delivered,
    TripleFault,
    RedoCold,  // only while mmu.vectors_live: nothing has happened yet; save the vector state and call again
};

// Delivers an exception raised by the instruction at state.rip, or an external interrupt, through the IDT
// (SDM volume 3, chapter 6): double-fault rules included. For mmu.vectors_live true or false.
Delivery deliver_fault(System& system, const GuestFault& fault);
Delivery deliver_interrupt(System& system, std::uint8_t vector);

// #DB at an instruction boundary, for breakpoints and single steps: state.rip is the next instruction. `conditions`:
// what to set in DR6. RFLAGS.RF is pushed as it is.
Delivery deliver_debug(System& system, std::uint64_t conditions);

}  // namespace hospes::translator
