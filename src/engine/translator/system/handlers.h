// The functions behind execute(), by topic. Each does one mnemonic, or a few alike, and moves RIP when it succeeds.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

#define HOSPES_HANDLER(name) Checked<void> name(System& system, const DecodedInstruction& in)

// segment_load.cc
HOSPES_HANDLER(execute_mov);  // to and from segment and control registers, moffs
HOSPES_HANDLER(execute_load_far_pointer);
HOSPES_HANDLER(execute_lgdt);
HOSPES_HANDLER(execute_lidt);
HOSPES_HANDLER(execute_sgdt);
HOSPES_HANDLER(execute_sidt);
HOSPES_HANDLER(execute_lldt);
HOSPES_HANDLER(execute_ltr);
HOSPES_HANDLER(execute_sldt);
HOSPES_HANDLER(execute_str);
// segment_query.cc
HOSPES_HANDLER(execute_lar);
HOSPES_HANDLER(execute_lsl);
HOSPES_HANDLER(execute_verr);
HOSPES_HANDLER(execute_verw);
HOSPES_HANDLER(execute_arpl);
// control_registers.cc
Checked<void> read_control_register(System& system, const DecodedInstruction& in);
Checked<void> write_control_register(System& system, const DecodedInstruction& in);
HOSPES_HANDLER(execute_smsw);
HOSPES_HANDLER(execute_lmsw);
HOSPES_HANDLER(execute_clts);
// tlb_control.cc
HOSPES_HANDLER(execute_invlpg);
HOSPES_HANDLER(execute_invpcid);
HOSPES_HANDLER(execute_cache_control);  // invd, wbinvd
// msr.cc, msr_cold.cc
HOSPES_HANDLER(execute_rdmsr);
HOSPES_HANDLER(execute_wrmsr);
HOSPES_HANDLER(execute_rdmsr_cold);
HOSPES_HANDLER(execute_wrmsr_cold);
// time.cc
HOSPES_HANDLER(execute_rdtsc);
HOSPES_HANDLER(execute_rdtscp);
HOSPES_HANDLER(execute_rdpmc);
HOSPES_HANDLER(execute_rdpid);
// fs_gs_base.cc
HOSPES_HANDLER(execute_swapgs);
HOSPES_HANDLER(execute_rdfsbase);
HOSPES_HANDLER(execute_rdgsbase);
HOSPES_HANDLER(execute_wrfsbase);
HOSPES_HANDLER(execute_wrgsbase);
// software_interrupt.cc
HOSPES_HANDLER(execute_int);
HOSPES_HANDLER(execute_int1);
HOSPES_HANDLER(execute_int3);
HOSPES_HANDLER(execute_into);
HOSPES_HANDLER(execute_bound);
HOSPES_HANDLER(execute_undefined);  // ud0, ud1, ud2, rsm
// interrupt_return.cc
HOSPES_HANDLER(execute_iret);
// far_transfer.cc, near_transfer.cc
HOSPES_HANDLER(execute_jmp);
HOSPES_HANDLER(execute_call);
HOSPES_HANDLER(execute_ret);
Checked<void> far_jump(System& system, const DecodedInstruction& in);
Checked<void> far_call(System& system, const DecodedInstruction& in);
Checked<void> far_return(System& system, const DecodedInstruction& in);
HOSPES_HANDLER(execute_loop);
HOSPES_HANDLER(execute_jump_cx_zero);
HOSPES_HANDLER(execute_jcc);  // every Jcc: ZYDIS_CATEGORY_COND_BR other than the two above
// fast_calls.cc
HOSPES_HANDLER(execute_syscall);
HOSPES_HANDLER(execute_sysret);
HOSPES_HANDLER(execute_sysenter);
HOSPES_HANDLER(execute_sysexit);
// flags.cc
HOSPES_HANDLER(execute_pushf);
HOSPES_HANDLER(execute_popf);
HOSPES_HANDLER(execute_cli);
HOSPES_HANDLER(execute_sti);
HOSPES_HANDLER(execute_clac);
HOSPES_HANDLER(execute_stac);
HOSPES_HANDLER(execute_lahf);
HOSPES_HANDLER(execute_sahf);
HOSPES_HANDLER(execute_hlt);
HOSPES_HANDLER(execute_fwait);
// strings.cc, string_compare.cc
HOSPES_HANDLER(execute_movs);
HOSPES_HANDLER(execute_stos);
HOSPES_HANDLER(execute_lods);
HOSPES_HANDLER(execute_cmps);
HOSPES_HANDLER(execute_scas);
// stack.cc
HOSPES_HANDLER(execute_push);
HOSPES_HANDLER(execute_pop);
HOSPES_HANDLER(execute_pusha);
HOSPES_HANDLER(execute_popa);
HOSPES_HANDLER(execute_enter);
HOSPES_HANDLER(execute_leave);
// legacy.cc
HOSPES_HANDLER(execute_xlat);
HOSPES_HANDLER(execute_salc);
HOSPES_HANDLER(execute_aaa);
HOSPES_HANDLER(execute_aas);
HOSPES_HANDLER(execute_aam);
HOSPES_HANDLER(execute_aad);
HOSPES_HANDLER(execute_daa);
HOSPES_HANDLER(execute_das);

// From here on: cold.
// io_ports.cc
HOSPES_HANDLER(execute_in);
HOSPES_HANDLER(execute_out);
HOSPES_HANDLER(execute_ins);
HOSPES_HANDLER(execute_outs);
// cpuid.cc
HOSPES_HANDLER(execute_cpuid);
// debug_registers.cc, and the MOV forms that need the machine (CR8, DR)
HOSPES_HANDLER(execute_mov_cold);
Checked<void> move_debug_register(System& system, const DecodedInstruction& in);
// Whose breakpoints an access to `size` ports from `port` hits: bits of DR6. None while CR4.DE is clear.
unsigned port_breakpoints(const GuestState& state, std::uint16_t port, unsigned size);
// random.cc
HOSPES_HANDLER(execute_random);
// xsave.cc
HOSPES_HANDLER(execute_xsave);
HOSPES_HANDLER(execute_xsavec);
HOSPES_HANDLER(execute_xsaves);
HOSPES_HANDLER(execute_xrstor);
HOSPES_HANDLER(execute_xrstors);
HOSPES_HANDLER(execute_xgetbv);
HOSPES_HANDLER(execute_xsetbv);
// fxsave.cc
HOSPES_HANDLER(execute_fxsave);
HOSPES_HANDLER(execute_fxrstor);
// x87_environment.cc
HOSPES_HANDLER(execute_fnstenv);
HOSPES_HANDLER(execute_fldenv);
HOSPES_HANDLER(execute_fnsave);
HOSPES_HANDLER(execute_frstor);
// gather.cc, masked_move.cc
HOSPES_HANDLER(execute_gather);
HOSPES_HANDLER(execute_scatter);
HOSPES_HANDLER(execute_vmaskmov);
HOSPES_HANDLER(execute_maskmovdqu);
HOSPES_HANDLER(execute_maskmovq);

#undef HOSPES_HANDLER

// #GP(0) unless CPL is 0.
[[gnu::always_inline]] inline Checked<void> require_cpl0(const GuestState& state) {
    if (state.cpl != 0) return general_protection();
    return {};
}

}  // namespace hospes::translator
