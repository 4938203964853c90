#include "engine/kvm/self_test.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/kvm/requests.h"

namespace hospes::kvm {

namespace {

constexpr std::size_t kMemory = 0x3000, kCodeAt = 0x1000, kResultAt = 0x2000;
constexpr std::uint16_t kPort = 0x10;
constexpr std::uint32_t kProduct = 42;
constexpr std::uint64_t kTss = 0xfffbd000;

constexpr auto kCode = std::to_array<std::uint8_t>({
    0xb8, 6,     0,    0,    0,     // mov eax, 6
    0xb9, 7,     0,    0,    0,     // mov ecx, 7
    0x0f, 0xaf,  0xc1,              // imul eax, ecx
    0xa3, 0x00,  0x20, 0x00, 0x00,  // mov [kResultAt], eax
    0xe6, kPort,                    // out kPort, al
    0xf4,                           // hlt
});

// Files and mappings are left to the end of the process, which is near.
struct TinyVm {
    int vm = -1, vcpu = -1;
    std::uint8_t* memory = nullptr;
    kvm_run* run = nullptr;
};

// Each step gives its own name if it fails, with errno.
const char* make(int device, TinyVm& made) {
    made.vm = ::ioctl(device, KVM_CREATE_VM, 0);
    if (made.vm < 0) return "KVM_CREATE_VM";
    void* memory = ::mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return "mmap of memory";
    made.memory = static_cast<std::uint8_t*>(memory);
    if (::ioctl(made.vm, KVM_SET_TSS_ADDR, kTss) != 0) return "KVM_SET_TSS_ADDR";
    kvm_userspace_memory_region region{};
    region.memory_size = kMemory;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory);
    if (::ioctl(made.vm, KVM_SET_USER_MEMORY_REGION, &region) != 0) return "KVM_SET_USER_MEMORY_REGION";
    made.vcpu = ::ioctl(made.vm, KVM_CREATE_VCPU, 0);
    if (made.vcpu < 0) return "KVM_CREATE_VCPU";
    const int size = ::ioctl(device, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size < static_cast<int>(sizeof(kvm_run))) return "KVM_GET_VCPU_MMAP_SIZE";
    void* run = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, made.vcpu, 0);
    if (run == MAP_FAILED) return "mmap of a vCPU";
    made.run = static_cast<kvm_run*>(run);
    return nullptr;
}

// What the smallest CPU model executes: a KVM that virtualizes without the processor's help may offer less.
const char* check_cpuid(int device) {
    constexpr std::uint32_t kLevel2 = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23;  // leaf 1, ECX
    constexpr std::uint32_t kLongMode = 1u << 11 | 1u << 20 | 1u << 29;  // SYSCALL NX LM; leaf 8000_0001H, EDX
    constexpr unsigned kMost = 256;
    static struct {
        ListHead head;
        std::array<kvm_cpuid_entry2, kMost> entries;
    } offered;
    offered.head.count = kMost;
    if (::ioctl(device, kGetSupportedCpuid, &offered) != 0) return "KVM_GET_SUPPORTED_CPUID";
    errno = 0;
    std::uint32_t level2 = 0, long_mode = 0;
    for (unsigned i = 0; i < offered.head.count && i < kMost; ++i) {
        const kvm_cpuid_entry2& entry = offered.entries[i];
        if (entry.function == 1) level2 = entry.ecx & kLevel2;
        if (entry.function == 0x80000001) long_mode = entry.edx & kLongMode;
    }
    return level2 == kLevel2 && long_mode == kLongMode ? nullptr : "offering guests a processor of level x86-64-v2";
}

// Flat 32-bit protected mode, as kernels are entered.
const char* load(TinyVm& tiny) {
    std::memcpy(tiny.memory + kCodeAt, kCode.data(), kCode.size());
    kvm_sregs sregs{};
    if (::ioctl(tiny.vcpu, KVM_GET_SREGS, &sregs) != 0) return "KVM_GET_SREGS";
    kvm_segment data{};
    data.limit = 0xffffffff;
    data.selector = 0x10;
    data.type = 3;
    data.present = data.s = data.db = data.g = 1;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.cs = data;
    sregs.cs.selector = 8;
    sregs.cs.type = 11;
    sregs.cr0 |= 1;
    if (::ioctl(tiny.vcpu, KVM_SET_SREGS, &sregs) != 0) return "KVM_SET_SREGS";
    kvm_regs regs{};
    regs.rip = kCodeAt;
    regs.rflags = 2;
    return ::ioctl(tiny.vcpu, KVM_SET_REGS, &regs) != 0 ? "KVM_SET_REGS" : nullptr;
}

const char* run_code(TinyVm& tiny) {
    errno = 0;
    if (::ioctl(tiny.vcpu, KVM_RUN, 0) != 0) return "KVM_RUN";
    const kvm_run& run = *tiny.run;
    const auto* data = reinterpret_cast<const std::uint8_t*>(&run) + run.io.data_offset;
    if (run.exit_reason != KVM_EXIT_IO) return "running code (it did not come to its OUT)";
    if (run.io.direction != KVM_EXIT_IO_OUT || run.io.port != kPort || *data != kProduct) {
        return "running code (a wrong value at the port)";
    }
    std::uint32_t stored = 0;
    std::memcpy(&stored, tiny.memory + kResultAt, sizeof stored);
    if (stored != kProduct) return "running code (a wrong value in memory)";
    if (::ioctl(tiny.vcpu, KVM_RUN, 0) != 0) return "KVM_RUN";
    return run.exit_reason == KVM_EXIT_HLT ? nullptr : "running code (it did not come to its HLT)";
}

}  // namespace

SelfTestResult run_self_test(const char* device) {
    SelfTestResult result{open_device(device)};
    if (result.opened.fault != Fault::None) return result;
    TinyVm tiny;
    result.failed = check_cpuid(result.opened.fd);
    if (result.failed == nullptr) result.failed = make(result.opened.fd, tiny);
    if (result.failed == nullptr) result.failed = load(tiny);
    if (result.failed == nullptr) result.failed = run_code(tiny);
    if (result.failed != nullptr) result.error = errno;
    return result;
}

}  // namespace hospes::kvm
