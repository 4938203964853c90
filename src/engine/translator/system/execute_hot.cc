// Which instructions can be done while the guest's vector state is in host registers, and doing them.
#include "engine/translator/system/availability.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

Handler segment_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_MOV: return execute_mov;
        case ZYDIS_MNEMONIC_LDS:
        case ZYDIS_MNEMONIC_LES:
        case ZYDIS_MNEMONIC_LSS:
        case ZYDIS_MNEMONIC_LFS:
        case ZYDIS_MNEMONIC_LGS: return execute_load_far_pointer;
        case ZYDIS_MNEMONIC_LGDT: return execute_lgdt;
        case ZYDIS_MNEMONIC_LIDT: return execute_lidt;
        case ZYDIS_MNEMONIC_SGDT: return execute_sgdt;
        case ZYDIS_MNEMONIC_SIDT: return execute_sidt;
        case ZYDIS_MNEMONIC_LLDT: return execute_lldt;
        case ZYDIS_MNEMONIC_LTR: return execute_ltr;
        case ZYDIS_MNEMONIC_SLDT: return execute_sldt;
        case ZYDIS_MNEMONIC_STR: return execute_str;
        case ZYDIS_MNEMONIC_LAR: return execute_lar;
        case ZYDIS_MNEMONIC_LSL: return execute_lsl;
        case ZYDIS_MNEMONIC_VERR: return execute_verr;
        case ZYDIS_MNEMONIC_VERW: return execute_verw;
        case ZYDIS_MNEMONIC_ARPL: return execute_arpl;
        case ZYDIS_MNEMONIC_SWAPGS: return execute_swapgs;
        case ZYDIS_MNEMONIC_RDFSBASE: return execute_rdfsbase;
        case ZYDIS_MNEMONIC_RDGSBASE: return execute_rdgsbase;
        case ZYDIS_MNEMONIC_WRFSBASE: return execute_wrfsbase;
        case ZYDIS_MNEMONIC_WRGSBASE: return execute_wrgsbase;
        default: return nullptr;
    }
}

Handler control_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_SMSW: return execute_smsw;
        case ZYDIS_MNEMONIC_LMSW: return execute_lmsw;
        case ZYDIS_MNEMONIC_CLTS: return execute_clts;
        case ZYDIS_MNEMONIC_INVLPG: return execute_invlpg;
        case ZYDIS_MNEMONIC_INVPCID: return execute_invpcid;
        case ZYDIS_MNEMONIC_INVD:
        case ZYDIS_MNEMONIC_WBINVD: return execute_cache_control;  // WBNOINVD decodes as it
        case ZYDIS_MNEMONIC_RDMSR: return execute_rdmsr;
        case ZYDIS_MNEMONIC_WRMSR: return execute_wrmsr;
        case ZYDIS_MNEMONIC_RDTSC: return execute_rdtsc;
        case ZYDIS_MNEMONIC_RDTSCP: return execute_rdtscp;
        case ZYDIS_MNEMONIC_RDPMC: return execute_rdpmc;
        case ZYDIS_MNEMONIC_RDPID: return execute_rdpid;
        case ZYDIS_MNEMONIC_PUSHF:
        case ZYDIS_MNEMONIC_PUSHFD:
        case ZYDIS_MNEMONIC_PUSHFQ: return execute_pushf;
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFD:
        case ZYDIS_MNEMONIC_POPFQ: return execute_popf;
        case ZYDIS_MNEMONIC_CLI: return execute_cli;
        case ZYDIS_MNEMONIC_STI: return execute_sti;
        case ZYDIS_MNEMONIC_CLAC: return execute_clac;
        case ZYDIS_MNEMONIC_STAC: return execute_stac;
        case ZYDIS_MNEMONIC_LAHF: return execute_lahf;
        case ZYDIS_MNEMONIC_SAHF: return execute_sahf;
        case ZYDIS_MNEMONIC_HLT: return execute_hlt;
        case ZYDIS_MNEMONIC_FWAIT: return execute_fwait;
        default: return nullptr;
    }
}

Handler transfer_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_INT: return execute_int;
        case ZYDIS_MNEMONIC_INT1: return execute_int1;
        case ZYDIS_MNEMONIC_INT3: return execute_int3;
        case ZYDIS_MNEMONIC_INTO: return execute_into;
        case ZYDIS_MNEMONIC_BOUND: return execute_bound;
        case ZYDIS_MNEMONIC_UD0:
        case ZYDIS_MNEMONIC_UD1:
        case ZYDIS_MNEMONIC_UD2:
        case ZYDIS_MNEMONIC_RSM: return execute_undefined;  // never in system management mode
        case ZYDIS_MNEMONIC_IRET:
        case ZYDIS_MNEMONIC_IRETD:
        case ZYDIS_MNEMONIC_IRETQ: return execute_iret;
        case ZYDIS_MNEMONIC_JMP: return execute_jmp;
        case ZYDIS_MNEMONIC_CALL: return execute_call;
        case ZYDIS_MNEMONIC_RET: return execute_ret;
        case ZYDIS_MNEMONIC_LOOP:
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE: return execute_loop;
        case ZYDIS_MNEMONIC_JB:
        case ZYDIS_MNEMONIC_JBE:
        case ZYDIS_MNEMONIC_JL:
        case ZYDIS_MNEMONIC_JLE:
        case ZYDIS_MNEMONIC_JNB:
        case ZYDIS_MNEMONIC_JNBE:
        case ZYDIS_MNEMONIC_JNL:
        case ZYDIS_MNEMONIC_JNLE:
        case ZYDIS_MNEMONIC_JNO:
        case ZYDIS_MNEMONIC_JNP:
        case ZYDIS_MNEMONIC_JNS:
        case ZYDIS_MNEMONIC_JNZ:
        case ZYDIS_MNEMONIC_JO:
        case ZYDIS_MNEMONIC_JP:
        case ZYDIS_MNEMONIC_JS:
        case ZYDIS_MNEMONIC_JZ: return execute_jcc;
        case ZYDIS_MNEMONIC_JCXZ:
        case ZYDIS_MNEMONIC_JECXZ:
        case ZYDIS_MNEMONIC_JRCXZ: return execute_jump_cx_zero;
        case ZYDIS_MNEMONIC_SYSCALL: return execute_syscall;
        case ZYDIS_MNEMONIC_SYSRET: return execute_sysret;
        case ZYDIS_MNEMONIC_SYSENTER: return execute_sysenter;
        case ZYDIS_MNEMONIC_SYSEXIT: return execute_sysexit;
        default: return nullptr;
    }
}

Handler string_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_MOVSB:
        case ZYDIS_MNEMONIC_MOVSW:
        case ZYDIS_MNEMONIC_MOVSD:
        case ZYDIS_MNEMONIC_MOVSQ: return execute_movs;
        case ZYDIS_MNEMONIC_STOSB:
        case ZYDIS_MNEMONIC_STOSW:
        case ZYDIS_MNEMONIC_STOSD:
        case ZYDIS_MNEMONIC_STOSQ: return execute_stos;
        case ZYDIS_MNEMONIC_LODSB:
        case ZYDIS_MNEMONIC_LODSW:
        case ZYDIS_MNEMONIC_LODSD:
        case ZYDIS_MNEMONIC_LODSQ: return execute_lods;
        case ZYDIS_MNEMONIC_CMPSB:
        case ZYDIS_MNEMONIC_CMPSW:
        case ZYDIS_MNEMONIC_CMPSD:
        case ZYDIS_MNEMONIC_CMPSQ: return execute_cmps;
        case ZYDIS_MNEMONIC_SCASB:
        case ZYDIS_MNEMONIC_SCASW:
        case ZYDIS_MNEMONIC_SCASD:
        case ZYDIS_MNEMONIC_SCASQ: return execute_scas;
        default: return nullptr;
    }
}

Handler stack_or_legacy_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_PUSH: return execute_push;
        case ZYDIS_MNEMONIC_POP: return execute_pop;
        case ZYDIS_MNEMONIC_PUSHA:
        case ZYDIS_MNEMONIC_PUSHAD: return execute_pusha;
        case ZYDIS_MNEMONIC_POPA:
        case ZYDIS_MNEMONIC_POPAD: return execute_popa;
        case ZYDIS_MNEMONIC_ENTER: return execute_enter;
        case ZYDIS_MNEMONIC_LEAVE: return execute_leave;
        case ZYDIS_MNEMONIC_XLAT: return execute_xlat;
        case ZYDIS_MNEMONIC_SALC: return execute_salc;
        case ZYDIS_MNEMONIC_AAA: return execute_aaa;
        case ZYDIS_MNEMONIC_AAS: return execute_aas;
        case ZYDIS_MNEMONIC_AAM: return execute_aam;
        case ZYDIS_MNEMONIC_AAD: return execute_aad;
        case ZYDIS_MNEMONIC_DAA: return execute_daa;
        case ZYDIS_MNEMONIC_DAS: return execute_das;
        default: return nullptr;
    }
}

bool needs_machine(ZydisRegister reg) {
    return reg == ZYDIS_REGISTER_CR8 || (reg >= ZYDIS_REGISTER_DR0 && reg <= ZYDIS_REGISTER_DR15);
}

// A MOV form that is always done cold, or an SSE instruction of the same name as a string instruction.
bool is_other_form(const DecodedInstruction& in) {
    switch (in.info.mnemonic) {
        case ZYDIS_MNEMONIC_MOV:
            for (unsigned i = 0; i < 2; ++i) {
                const ZydisDecodedOperand& operand = in.operands[i];
                if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && needs_machine(operand.reg.value)) return true;
            }
            return false;
        case ZYDIS_MNEMONIC_MOVSD:
        case ZYDIS_MNEMONIC_CMPSD: return in.info.meta.category != ZYDIS_CATEGORY_STRINGOP;
        default: return false;
    }
}

}  // namespace

Handler hot_handler(ZydisMnemonic mnemonic) {
    if (const Handler handler = stack_or_legacy_handler(mnemonic)) return handler;
    if (const Handler handler = transfer_handler(mnemonic)) return handler;
    if (const Handler handler = control_handler(mnemonic)) return handler;
    if (const Handler handler = string_handler(mnemonic)) return handler;
    return segment_handler(mnemonic);
}

bool is_hot(const DecodedInstruction& in) {
    if (in.info.mnemonic == ZYDIS_MNEMONIC_INVALID || in.too_long || !in.admitted || is_other_form(in)) return false;
    return hot_handler(in.info.mnemonic) != nullptr;
}

Checked<void> execute_hot(System& system, const DecodedInstruction& in) {
    system.mmu.vectors_live = true;
    GUEST_TRY(check_available(system, in));  // #NM is for here too: systems that switch the FPU lazily
    if (!is_hot(in)) return redo_cold();
    GuestState& state = system.state();
    const std::uint8_t shadow = state.interrupt_shadow;
    state.interrupt_shadow = 0;
    const Checked<void> outcome = hot_handler(in.info.mnemonic)(system, in);
    if (!outcome.ok() && outcome.fault().vector == kRedoCold) state.interrupt_shadow = shadow;
    return outcome;
}

}  // namespace hospes::translator
