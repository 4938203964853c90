#include "engine/kvm/failure.h"

#include <cstdio>

namespace hospes::kvm {

namespace {

constexpr std::uint64_t kCodeBytes = 15;  // of the longest instruction

std::string hex(std::uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(value));
    return text;
}

const char* name_of(std::uint32_t suberror) {
    switch (suberror) {
        case KVM_INTERNAL_ERROR_EMULATION: return "emulation failed";
        case KVM_INTERNAL_ERROR_SIMUL_EX: return "two exceptions at once";
        case KVM_INTERNAL_ERROR_DELIVERY_EV: return "exit while an event was delivered";
        case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON: return "unexpected exit";
        default: return "unknown";
    }
}

std::string describe_internal(const kvm_run& run) {
    std::string text = "KVM_EXIT_INTERNAL_ERROR " + std::to_string(run.internal.suberror) + " (" +
                       name_of(run.internal.suberror) + ")";
    for (std::uint32_t i = 0; i < run.internal.ndata && i < 16; ++i) text.append(" ").append(hex(run.internal.data[i]));
    return text;
}

}  // namespace

std::string describe_exit(const kvm_run& run) {
    switch (run.exit_reason) {
        case KVM_EXIT_FAIL_ENTRY:
            return "KVM_EXIT_FAIL_ENTRY, hardware reason " + hex(run.fail_entry.hardware_entry_failure_reason);
        case KVM_EXIT_INTERNAL_ERROR: return describe_internal(run);
        case KVM_EXIT_UNKNOWN: return "KVM_EXIT_UNKNOWN, hardware reason " + hex(run.hw.hardware_exit_reason);
        case KVM_EXIT_EXCEPTION: return "KVM_EXIT_EXCEPTION " + std::to_string(run.ex.exception);
        case KVM_EXIT_SYSTEM_EVENT: return "KVM_EXIT_SYSTEM_EVENT " + std::to_string(run.system_event.type);
        default: return "exit " + std::to_string(run.exit_reason) + " of KVM, which is unknown here";
    }
}

std::string describe_registers(const cpu::VcpuState& state) {
    static constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                             "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    std::string text = "at rip " + hex(state.rip) + " (cs " + hex(state.segments[x86::CS].selector) + ", rflags " +
                       hex(state.rflags) + ", cr0 " + hex(state.cr0) + ", cr2 " + hex(state.cr2) + ", cr3 " +
                       hex(state.cr3) + ", cr4 " + hex(state.cr4) + ", efer " + hex(state.efer);
    for (unsigned i = 0; i < x86::kGprCount; ++i) text += std::string(", ") + kNames[i] + " " + hex(state.gpr[i]);
    return text + ")";
}

std::string describe_code(const memory::GuestRam& ram, Gpa gpa) {
    std::string text = "bytes at rip:";
    for (std::uint64_t i = 0; i < kCodeBytes; ++i) {
        std::uint8_t byte = 0;
        if (!ram.read(gpa + i, &byte, 1)) return i == 0 ? "no memory at rip" : text;
        char word[4];
        std::snprintf(word, sizeof word, " %02x", byte);
        text += word;
    }
    return text;
}

}  // namespace hospes::kvm
