// RDRAND and RDSEED: every model has them, whatever the host has.
#include <cpuid.h>
#include <sys/random.h>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

constexpr unsigned kTries = 10;  // Intel's advice

bool host_has_rdrand() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_RDRND) != 0;
}

// From the host's instruction, which costs no system call, or from its kernel.
bool host_random(std::uint64_t& value) {
    static const bool has_rdrand = host_has_rdrand();
    for (unsigned i = 0; has_rdrand && i < kTries; ++i) {
        bool good = false;
        asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
        if (good) return true;
    }
    return ::getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value;
}

}  // namespace

Checked<void> execute_random(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    std::uint64_t value = 0;
    const bool good = host_random(value);
    state.rflags &= ~x86::rflags::kStatus;
    if (good) state.rflags |= x86::rflags::CF;
    write_register(state, in.operands[0].reg.value, good ? value : 0);
    return advance(state, in);
}

}  // namespace hospes::translator
