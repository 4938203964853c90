// What makes translated code fast and can be left out: the proofs of correctness are run without each, too.
#pragma once

#include <cstdint>
#include <string_view>

namespace hospes::translator {

// Bits.
enum Optimisation : std::uint32_t {
    kSharedProbes = 1,      // one probe for several accesses through one register
    kLoops = 2,             // loops unrolled, with windows that are probed once for several turns
    kGuesses = 4,           // a list's next element is loaded before its probe is done
    kStackWindow = 8,       // the stack's page is known without a look into the TLB
    kJumpCache = 16,        // indirect jumps find their target's code by themselves
    kRevival = 32,          // code that was overwritten comes back with its bytes
    kPatchedConstants = 64  // constants that the guest keeps overwriting are read when the code runs
};

struct NamedOptimisation {
    std::string_view name;
    Optimisation bit;
};

inline constexpr NamedOptimisation kOptimisations[] = {
    {"shared-probes", kSharedProbes},         {"loops", kLoops},          {"guesses", kGuesses},
    {"stack-window", kStackWindow},           {"jump-cache", kJumpCache}, {"revival", kRevival},
    {"patched-constants", kPatchedConstants},
};

// The bit of the optimisation with this name; 0: there is none.
constexpr std::uint32_t optimisation_named(std::string_view name) {
    for (const NamedOptimisation& known : kOptimisations) {
        if (known.name == name) return known.bit;
    }
    return 0;
}

}  // namespace hospes::translator
