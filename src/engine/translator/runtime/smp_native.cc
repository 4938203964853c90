#include "engine/translator/runtime/smp_native.h"

#include <sys/mman.h>

#include <thread>
#include <vector>

namespace hospes::translator {

namespace {

constexpr std::uint64_t kSize = kLitmusEnd - kLitmusBegin;

// The tests' code keeps no register but RSP.
void call(const char* entry, std::uint64_t thread, std::uint64_t argument) {
    asm volatile(
        "push %%rbp\n\t"
        "call *%[entry]\n\t"
        "pop %%rbp"
        : "+D"(thread), "+S"(argument)
        : [entry] "a"(entry)
        : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

}  // namespace

SmpNative::SmpNative()
    : valid_(::mmap(reinterpret_cast<void*>(kLitmusBegin), kSize, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                    0) == reinterpret_cast<void*>(kLitmusBegin)) {}

SmpNative::~SmpNative() {
    if (valid_) ::munmap(reinterpret_cast<void*>(kLitmusBegin), kSize);
}

void SmpNative::run_all(unsigned threads, const char* entry, std::uint64_t argument) {
    std::vector<std::thread> all;
    for (unsigned i = 0; i < threads; ++i) all.emplace_back(call, entry, i, argument);
    for (std::thread& thread : all) thread.join();
}

}  // namespace hospes::translator
