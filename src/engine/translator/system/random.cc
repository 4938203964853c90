// RDRAND and RDSEED, from the host's: models have them only where the host does.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

constexpr unsigned kTries = 10;  // Intel's advice; after that the guest hears of it

bool host_random(std::uint64_t& value, bool seed) {
    for (unsigned i = 0; i < kTries; ++i) {
        bool good = false;
        if (seed) {
            asm volatile("rdseed %0" : "=r"(value), "=@ccc"(good));
        } else {
            asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
        }
        if (good) return true;
    }
    return false;
}

}  // namespace

Checked<void> execute_random(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    std::uint64_t value = 0;
    const bool good = host_random(value, in.info.mnemonic == ZYDIS_MNEMONIC_RDSEED);
    state.rflags &= ~x86::rflags::kStatus;
    if (good) state.rflags |= x86::rflags::CF;
    write_register(state, in.operands[0].reg.value, good ? value : 0);
    return advance(state, in);
}

}  // namespace hospes::translator
