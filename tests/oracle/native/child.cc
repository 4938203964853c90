// The native side, inside the child.
//
// Every case ends in a trap. The handler notes the outcome and then turns its own signal frame into the next case's
// state, so the return from the handler *starts* the next case: one signal a case, and the kernel loads all registers,
// vector state included. While a batch runs, FS and GS have the test's bases: code here must not touch thread-local
// storage, and makes system calls by itself.
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "compare/memory_scan.h"
#include "native/shared.h"
#include "x86/host_features.h"

#define ORACLE_NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

namespace hospes::oracle {

namespace {

constexpr unsigned kXstateBv = 512;
constexpr std::uint64_t kSse = 2, kAvx = 4, kOpmask = 0x20, kZmmHigh = 0x40, kHighZmm = 0x80;
// A handler starts with these as the case left them: NT and ID, which no signal frame restores, and AC, which makes the
// handler itself trap.
constexpr std::uint64_t kStickyFlags = 0x4000 | 0x200000 | 0x40000;

constexpr std::uint32_t kBreakpoint = 3;

struct Runner {
    NativeShared* shared = nullptr;
    std::uint8_t* pages[kDataPageCount] = {};
    std::int64_t index = -1;  // the case that runs; -1: the trap that starts the batch
    bool compat = false;
    // Of the XSAVE area in a signal frame: its components, what it holds in all, and where.
    std::uint64_t components = 0;
    unsigned fpu_bytes = 0;
    std::uint32_t ymm_high = 0, opmask = 0, zmm_high = 0, high_zmm = 0;
    gregset_t saved_registers = {};
    std::uint8_t saved_fpu[4096] = {};
};

Runner runner;

ORACLE_NO_SANITIZE void copy(void* to, const void* from, unsigned length) {
    auto* target = static_cast<std::uint8_t*>(to);
    const auto* source = static_cast<const std::uint8_t*>(from);
    __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(length) : : "memory");
}

ORACLE_NO_SANITIZE long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

// gregset_t's index of GPR number `i`.
constexpr int kGregOf[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

ORACLE_NO_SANITIZE void capture(const mcontext_t& context, Outcome& outcome) {
    CpuImage& image = outcome.final;
    for (unsigned i = 0; i < 16; ++i) image.gpr[i] = static_cast<std::uint64_t>(context.gregs[kGregOf[i]]);
    image.rip = static_cast<std::uint64_t>(context.gregs[REG_RIP]);
    image.rflags = static_cast<std::uint64_t>(context.gregs[REG_EFL]);

    const auto* fpu = reinterpret_cast<const std::uint8_t*>(context.fpregs);
    std::uint64_t in_use = 0;
    copy(&in_use, fpu + kXstateBv, 8);
    copy(&image.fcw, fpu, 2);
    copy(&image.fsw, fpu + 2, 2);
    image.ftw = fpu[4];
    copy(&image.mxcsr, fpu + 24, 4);
    for (unsigned i = 0; i < 8; ++i) copy(image.st[i], fpu + 32 + 16 * i, 10);
    for (unsigned i = 0; i < 16; ++i) {
        copy(image.vector[i], fpu + 160 + 16 * i, 16);
        if ((in_use & kAvx) != 0) copy(image.vector[i] + 16, fpu + runner.ymm_high + 16 * i, 16);
        if ((in_use & kZmmHigh) != 0) copy(image.vector[i] + 32, fpu + runner.zmm_high + 32 * i, 32);
        if ((in_use & kHighZmm) != 0) copy(image.vector[i + 16], fpu + runner.high_zmm + 64 * i, 64);
    }
    if ((in_use & kOpmask) != 0) copy(image.mask, fpu + runner.opmask, sizeof image.mask);
    outcome.vector = static_cast<std::uint32_t>(context.gregs[REG_TRAPNO]);
    outcome.error_code = static_cast<std::uint32_t>(context.gregs[REG_ERR]);
    outcome.cr2 = static_cast<std::uint64_t>(context.gregs[REG_CR2]);
}

// A fault at the prefix in front of a 32-bit case is one at the case's first instruction; a trap there is behind a jump
// back.
ORACLE_NO_SANITIZE void hide_prefix(const Case& test, Outcome& outcome) {
    const bool prefixed = test.cs == kUserCode32 && !runner.compat;
    if (prefixed && outcome.vector != kBreakpoint && outcome.final.rip == test.initial.rip - 1) ++outcome.final.rip;
}

ORACLE_NO_SANITIZE void load(const Case& test, mcontext_t& context) {
    const CpuImage& image = test.initial;
    for (unsigned i = 0; i < 16; ++i) context.gregs[kGregOf[i]] = static_cast<greg_t>(image.gpr[i]);
    context.gregs[REG_RIP] = static_cast<greg_t>(image.rip);
    std::uint16_t cs = test.cs;
    if (cs == kUserCode32 && !runner.compat) {
        cs = kUserCode64;
        --context.gregs[REG_RIP];
    }
    context.gregs[REG_EFL] = static_cast<greg_t>((image.rflags & kSettableFlags) | kInitialFlags);
    context.gregs[REG_CSGSFS] = static_cast<greg_t>((std::uint64_t{kUserData} << 48) | cs);

    auto* fpu = reinterpret_cast<std::uint8_t*>(context.fpregs);
    for (unsigned i = 0; i < 24; ++i) fpu[i] = 0;  // opcode and pointers of the last x87 instruction too
    copy(fpu, &image.fcw, 2);
    copy(fpu + 2, &image.fsw, 2);
    fpu[4] = image.ftw;
    copy(fpu + 24, &image.mxcsr, 4);
    for (unsigned i = 0; i < 8; ++i) copy(fpu + 32 + 16 * i, image.st[i], 16);
    for (unsigned i = 0; i < 16; ++i) {
        copy(fpu + 160 + 16 * i, image.vector[i], 16);
        copy(fpu + runner.ymm_high + 16 * i, image.vector[i] + 16, 16);
        if ((runner.components & kZmmHigh) != 0) copy(fpu + runner.zmm_high + 32 * i, image.vector[i] + 32, 32);
        if ((runner.components & kHighZmm) != 0) copy(fpu + runner.high_zmm + 64 * i, image.vector[i + 16], 64);
    }
    if ((runner.components & kOpmask) != 0) copy(fpu + runner.opmask, image.mask, sizeof image.mask);
    copy(fpu + kXstateBv, &runner.components, 8);
}

ORACLE_NO_SANITIZE void reset_sticky_state() {
    const std::uint64_t keep = ~kStickyFlags;
    const std::uint16_t data = kUserData;
    __asm__ volatile("pushfq; andq %0, (%%rsp); popfq; mov %1, %%ds; mov %1, %%es" : : "r"(keep), "r"(data) : "cc");
}

ORACLE_NO_SANITIZE void on_trap(int, siginfo_t*, void* context) {
    mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
    Batch& batch = runner.shared->batch;
    reset_sticky_state();
    if (runner.index < 0) {
        copy(runner.saved_registers, machine.gregs, sizeof(gregset_t));
        copy(runner.saved_fpu, machine.fpregs, runner.fpu_bytes);
    } else {
        Outcome& outcome = runner.shared->outcomes[runner.index];
        capture(machine, outcome);
        hide_prefix(batch.cases[runner.index], outcome);
        collect_changes(batch.cases[runner.index], batch.image, runner.pages, outcome);
    }
    ++runner.index;
    if (runner.index < batch.count) {
        runner.shared->progress.store(static_cast<std::uint32_t>(runner.index), std::memory_order_relaxed);
        apply_patches(batch.cases[runner.index], runner.pages);
        load(batch.cases[runner.index], machine);
        return;
    }
    copy(machine.gregs, runner.saved_registers, sizeof(gregset_t));
    copy(machine.fpregs, runner.saved_fpu, runner.fpu_bytes);
    machine.gregs[REG_RIP] += 2;  // past the UD2 that started the batch
}

ORACLE_NO_SANITIZE __attribute__((noinline)) void run_batch() {
    for (unsigned page = 0; page < kDataPageCount; ++page) {
        copy(runner.pages[page], runner.shared->batch.image + page * kPageSize, kPageSize);
    }
    std::uint64_t fs = 0;
    system_call(SYS_arch_prctl, ARCH_GET_FS, reinterpret_cast<long>(&fs), 0);
    runner.index = -1;
    system_call(SYS_arch_prctl, ARCH_SET_GS, kGsBase, 0);
    system_call(SYS_arch_prctl, ARCH_SET_FS, kFsBase, 0);
    __asm__ volatile("ud2" : : : "memory", "cc");
    system_call(SYS_arch_prctl, ARCH_SET_FS, static_cast<long>(fs), 0);
}

bool map_at(std::uint64_t address, std::uint64_t length, int protection, int fd, std::uint64_t offset) {
    void* wanted = reinterpret_cast<void*>(address);
    return ::mmap(wanted, length, protection, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd,
                  static_cast<off_t>(offset)) == wanted;
}

bool map_layout(const ChildFiles& files) {
    const auto code_offset = offsetof(NativeShared, batch) + offsetof(Batch, code);
    if (!map_at(kCodeStart, kCodeSize, PROT_READ | PROT_EXEC, files.shared, code_offset)) return false;
    for (unsigned i = 0; i < kDataPageCount; ++i) {
        const int protection = PROT_READ | (kDataPages[i].writable ? PROT_WRITE : 0);
        if (!map_at(kDataPages[i].address, kPageSize, protection, files.data, i * kPageSize)) return false;
    }
    // The same pages once more, all writable, for the harness itself.
    void* alias = ::mmap(nullptr, kImageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, files.data, 0);
    if (alias == MAP_FAILED) return false;
    for (unsigned i = 0; i < kDataPageCount; ++i) {
        runner.pages[i] = static_cast<std::uint8_t*>(alias) + i * kPageSize;
    }
    return true;
}

void find_registers() {
    const x86::XsaveLayout layout = x86::XsaveLayout::of_host();
    runner.components = 1 | kSse | kAvx;
    if (x86::host_executes(x86::Feature::AVX512F)) runner.components |= kOpmask | kZmmHigh | kHighZmm;
    runner.fpu_bytes = layout.standard_size(runner.components);
    runner.ymm_high = layout.offset(kAvx);
    runner.opmask = layout.offset(kOpmask);
    runner.zmm_high = layout.offset(kZmmHigh);
    runner.high_zmm = layout.offset(kHighZmm);
}

bool install_handler() {
    constexpr std::size_t kStackSize = 256 << 10;
    void* memory =
        ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return false;
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = kStackSize;
    if (::sigaltstack(&stack, nullptr) != 0) return false;
    struct sigaction action {};
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) {
        if (::sigaction(signal, &action, nullptr) != 0) return false;
    }
    return true;
}

}  // namespace

ORACLE_NO_SANITIZE void run_native_child(const ChildFiles& files, NativeShared& shared) {
    runner.shared = &shared;
    runner.compat = host_runs_compat_code();
    find_registers();
    if (!map_layout(files) || !install_handler() || !enter_sandbox()) ::_exit(2);
    char byte = 'r';
    system_call(SYS_write, files.command, reinterpret_cast<long>(&byte), 1);
    while (system_call(SYS_read, files.command, reinterpret_cast<long>(&byte), 1) == 1) {
        run_batch();
        system_call(SYS_write, files.command, reinterpret_cast<long>(&byte), 1);
    }
    system_call(SYS_exit_group, 0, 0, 0);
    __builtin_unreachable();
}

}  // namespace hospes::oracle
