// Each line says who makes the call. What is not here was not seen: strace -f -c of boots, bare-metal guests, process
// VMs and resets (docs/decisions/0007-sandbox.md).
#include "vmm/allowed_calls.h"

#include <asm/termbits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "engine/kvm/allowed_requests.h"

namespace hospes::vmm {

namespace {

using sandbox::no_bit;
using sandbox::one_of;
using Rules = std::vector<sandbox::Rule>;

// pthread_create()'s, of glibc; a process would lack CLONE_THREAD.
constexpr std::uint32_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                  CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

void add(Rules& to, Rules more) { to.insert(to.end(), more.begin(), more.end()); }

Rules requests(machine::EngineKind engine) {
    // RawTerminal's end: tcsetattr(), which looks before it sets; since glibc 2.42 with the second of each.
    std::vector<std::uint32_t> allowed = {TCGETS, TCSETS, TCGETS2, TCSETS2};
    if (engine == machine::EngineKind::Kvm) {
        const std::vector<std::uint32_t> kvm = kvm::allowed_requests();
        allowed.insert(allowed.begin(), kvm.begin(), kvm.end());
    }
    return {{SYS_ioctl, one_of(1, allowed)}};
}

Rules input_and_output() {
    return {
        {SYS_write},            // serial port, log, event loop's wake-up, --trace
        {SYS_read},             // serial port, event loop's timer and wake-up, signals
        {SYS_poll},             // serial port: is there room, is there input
        {SYS_sendmsg},          // --port, --gdb; on connected sockets, which lead to the operator's program
        {SYS_recvmsg},          // the same
        {SYS_shutdown},         // the same: the guest has closed the port
        {SYS_preadv},           // disks
        {SYS_pwritev},          // disks
        {SYS_pwrite64},         // disks: zeroes
        {SYS_fdatasync},        // disks
        {SYS_fallocate},        // disks: discarded blocks, zeroes
        {SYS_lseek},            // kernel and initrd: their sizes
        {SYS_close},            // all that has been opened
        {SYS_epoll_wait},       // event loop
        {SYS_epoll_ctl},        // event loop
        {SYS_timerfd_settime},  // event loop
        {SYS_epoll_create1},    // event loop of the next machine
        {SYS_timerfd_create},   // the same
        {SYS_eventfd2},         // the same
        {SYS_pipe2},            // the next machine's TerminalInput
    };
}

Rules memory() {
    return {
        {SYS_mmap, no_bit(2, PROT_EXEC)},  // guest RAM, the translator's tables, boot files, malloc(), stacks, vCPUs
        {SYS_mprotect, no_bit(2, PROT_EXEC)},  // malloc()'s arenas, stacks, guard pages
        {SYS_munmap},                          // what mmap() made
        {SYS_madvise},                         // guest RAM, the translator's tables, free(), stacks of ended threads
        {SYS_brk},                             // malloc()
    };
}

Rules threads() {
    return {
        {SYS_futex},                            // locks, condition variables, join
        {SYS_clone, one_of(0, {kThread})},      // the threads io and vcpu, the TSC's measurement
        {SYS_clone3, {}, ENOSYS},               // its flags lie in memory, unseen; glibc goes on to clone()
        {SYS_set_robust_list},                  // a thread's start
        {SYS_rseq},                             // a thread's start
        {SYS_sched_getaffinity},                // malloc(), with eight threads and more: how many arenas
        {SYS_prctl, one_of(0, {PR_SET_NAME})},  // the threads io and vcpu
        {SYS_exit},                             // a thread's end
        {SYS_exit_group},                       // the end
    };
}

Rules signals() {
    const auto self = static_cast<std::uint32_t>(::getpid());
    return {
        {SYS_rt_sigreturn},               // host faults of translated code, kicks of KVM's vCPU
        {SYS_rt_sigprocmask},             // a thread's start, StopSignals
        {SYS_rt_sigaction},               // the engines' handlers, die_of()
        {SYS_tgkill, one_of(0, {self})},  // die_of(), abort(), kicks
        {SYS_getpid},                     // the same
        {SYS_gettid},                     // the same
        {SYS_restart_syscall},            // after SIGSTOP and SIGCONT
    };
}

Rules time_and_chance() {
    return {
        {SYS_clock_gettime},    // where the vDSO cannot: the host's clock is not the TSC
        {SYS_gettimeofday},     // the same
        {SYS_clock_nanosleep},  // the TSC's measurement
        {SYS_getrandom},        // RDRAND, virtio-rng, malloc()
    };
}

// Its timer that ends an exit without the guest's doing, and raises no signal elsewhere than in its thread.
Rules kick_timer() { return {{SYS_timer_create}, {SYS_timer_settime}, {SYS_timer_delete}}; }

// What the sanitizers' run-time library makes on top: at a thread's start, for a report, and in LeakSanitizer's process
// that stops this one's threads at the end.
Rules sanitizers() {
    return {
        {SYS_clone},     {SYS_prctl},     {SYS_ptrace}, {SYS_wait4},       {SYS_openat},           {SYS_open},
        {SYS_readlink},  {SYS_fstat},     {SYS_stat},   {SYS_newfstatat},  {SYS_pread64},          {SYS_getdents64},
        {SYS_getppid},   {SYS_fcntl},     {SYS_uname},  {SYS_sigaltstack}, {SYS_mremap},           {SYS_sched_yield},
        {SYS_getrusage}, {SYS_prlimit64}, {SYS_writev}, {SYS_getdents},    {SYS_readlinkat},       {SYS_kill},
        {SYS_access},    {SYS_faccessat}, {SYS_gettid}, {SYS_waitid},      {SYS_process_vm_readv}, {SYS_dup},
        {SYS_dup2}};
}

}  // namespace

// Of two rules for one number the first counts.
std::vector<sandbox::Rule> allowed_calls(machine::EngineKind engine, bool debugger) {
    Rules rules = kSanitized ? sanitizers() : Rules();
    add(rules, requests(engine));
    for (Rules (*const part)() : {input_and_output, memory, threads, signals, time_and_chance}) add(rules, part());
    if (engine == machine::EngineKind::Kvm) add(rules, kick_timer());
    if (debugger) add(rules, {{SYS_accept4}});  // --gdb: of the one socket that listens
    return rules;
}

}  // namespace hospes::vmm
