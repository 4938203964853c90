// The entry to the C++ that executes instructions, and which function does which.
#include <cstdio>

#include "base/log.h"
#include "engine/translator/system/availability.h"
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

constexpr unsigned kLinesPerVcpu = 16;

Handler vector_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_VGATHERDPD:
        case ZYDIS_MNEMONIC_VGATHERDPS:
        case ZYDIS_MNEMONIC_VGATHERQPD:
        case ZYDIS_MNEMONIC_VGATHERQPS:
        case ZYDIS_MNEMONIC_VPGATHERDD:
        case ZYDIS_MNEMONIC_VPGATHERDQ:
        case ZYDIS_MNEMONIC_VPGATHERQD:
        case ZYDIS_MNEMONIC_VPGATHERQQ: return execute_gather;
        case ZYDIS_MNEMONIC_VSCATTERDPD:
        case ZYDIS_MNEMONIC_VSCATTERDPS:
        case ZYDIS_MNEMONIC_VSCATTERQPD:
        case ZYDIS_MNEMONIC_VSCATTERQPS:
        case ZYDIS_MNEMONIC_VPSCATTERDD:
        case ZYDIS_MNEMONIC_VPSCATTERDQ:
        case ZYDIS_MNEMONIC_VPSCATTERQD:
        case ZYDIS_MNEMONIC_VPSCATTERQQ: return execute_scatter;
        case ZYDIS_MNEMONIC_VMASKMOVPS:
        case ZYDIS_MNEMONIC_VMASKMOVPD:
        case ZYDIS_MNEMONIC_VPMASKMOVD:
        case ZYDIS_MNEMONIC_VPMASKMOVQ: return execute_vmaskmov;
        case ZYDIS_MNEMONIC_MASKMOVDQU:
        case ZYDIS_MNEMONIC_VMASKMOVDQU: return execute_maskmovdqu;
        case ZYDIS_MNEMONIC_MASKMOVQ: return execute_maskmovq;
        default: return nullptr;
    }
}

Handler state_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_XSAVE:
        case ZYDIS_MNEMONIC_XSAVE64:
        case ZYDIS_MNEMONIC_XSAVEOPT:
        case ZYDIS_MNEMONIC_XSAVEOPT64: return execute_xsave;
        case ZYDIS_MNEMONIC_XSAVEC:
        case ZYDIS_MNEMONIC_XSAVEC64: return execute_xsavec;
        case ZYDIS_MNEMONIC_XSAVES:
        case ZYDIS_MNEMONIC_XSAVES64: return execute_xsaves;
        case ZYDIS_MNEMONIC_XRSTORS:
        case ZYDIS_MNEMONIC_XRSTORS64: return execute_xrstors;
        case ZYDIS_MNEMONIC_XRSTOR:
        case ZYDIS_MNEMONIC_XRSTOR64: return execute_xrstor;
        case ZYDIS_MNEMONIC_XGETBV: return execute_xgetbv;
        case ZYDIS_MNEMONIC_XSETBV: return execute_xsetbv;
        case ZYDIS_MNEMONIC_FXSAVE:
        case ZYDIS_MNEMONIC_FXSAVE64: return execute_fxsave;
        case ZYDIS_MNEMONIC_FXRSTOR:
        case ZYDIS_MNEMONIC_FXRSTOR64: return execute_fxrstor;
        case ZYDIS_MNEMONIC_FNSTENV: return execute_fnstenv;
        case ZYDIS_MNEMONIC_FLDENV: return execute_fldenv;
        case ZYDIS_MNEMONIC_FNSAVE: return execute_fnsave;
        case ZYDIS_MNEMONIC_FRSTOR: return execute_frstor;
        default: return nullptr;
    }
}

// Those that are done cold only, or better.
Handler cold_handler(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_MOV: return execute_mov_cold;
        case ZYDIS_MNEMONIC_RDMSR: return execute_rdmsr_cold;
        case ZYDIS_MNEMONIC_WRMSR: return execute_wrmsr_cold;
        case ZYDIS_MNEMONIC_CPUID: return execute_cpuid;
        case ZYDIS_MNEMONIC_IN: return execute_in;
        case ZYDIS_MNEMONIC_OUT: return execute_out;
        case ZYDIS_MNEMONIC_INSB:
        case ZYDIS_MNEMONIC_INSW:
        case ZYDIS_MNEMONIC_INSD: return execute_ins;
        case ZYDIS_MNEMONIC_OUTSB:
        case ZYDIS_MNEMONIC_OUTSW:
        case ZYDIS_MNEMONIC_OUTSD: return execute_outs;
        case ZYDIS_MNEMONIC_RDRAND:
        case ZYDIS_MNEMONIC_RDSEED: return execute_random;
        default: break;
    }
    if (const Handler handler = state_handler(mnemonic)) return handler;
    return vector_handler(mnemonic);
}

// Byte `offset` of the instruction, as far as its page can still be read.
bool fetch_byte(System& system, unsigned offset, unsigned& byte) {
    const GuestState& state = system.state();
    const Gva base = state.code64() ? 0 : state.segments[x86::CS].base;
    const AccessClass fetch = state.cpl == 3 ? AccessClass::User : AccessClass::Supervisor;
    const Checked<Translation> found = probe(system.mmu, base + state.rip + offset, Access::Fetch, fetch);
    if (!found.ok()) return false;
    const std::byte* host = system.mmu.ram.host(found.value().gpa, 1);
    if (host == nullptr) return false;
    byte = static_cast<unsigned>(*host);
    return true;
}

void log_unimplemented(System& system, const DecodedInstruction& in) {
    static thread_local LogLimit limit(kLinesPerVcpu);
    if (!limit.allow()) return;
    char bytes[ZYDIS_MAX_INSTRUCTION_LENGTH * 3 + 1] = {};
    for (unsigned i = 0; i < in.info.length && i < ZYDIS_MAX_INSTRUCTION_LENGTH; ++i) {
        unsigned byte = 0;
        if (!fetch_byte(system, i, byte)) break;
        std::snprintf(bytes + i * 3, 4, " %02x", byte);
    }
    const char* name = ZydisMnemonicGetString(in.info.mnemonic);
    log_line("vCPU %u: instruction not implemented: %s,%s at 0x%llx; the guest gets #UD", system.vcpu,
             name != nullptr ? name : "?", bytes, static_cast<unsigned long long>(system.state().rip));
}

}  // namespace

bool can_execute(ZydisMnemonic mnemonic) {
    return cold_handler(mnemonic) != nullptr || hot_handler(mnemonic) != nullptr;
}

Checked<void> execute(System& system, const DecodedInstruction& in) {
    system.mmu.vectors_live = false;
    GUEST_TRY(check_available(system, in));
    Handler handler = cold_handler(in.info.mnemonic);
    if (handler == nullptr && is_hot(in)) handler = hot_handler(in.info.mnemonic);
    if (handler == nullptr) {
        log_unimplemented(system, in);
        return undefined_opcode();
    }
    system.state().interrupt_shadow = 0;
    return handler(system, in);
}

}  // namespace hospes::translator
