// A table of the system calls that a process may make, and the BPF program for seccomp that it becomes.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace hospes::sandbox {

// What must be true of one argument, of which the low 32 bits are looked at: all that the kernel looks at in an int, in
// the flags of clone() and in what mmap() and mprotect() are told to protect.
struct Condition {
    enum class Test : std::uint8_t {
        Always,
        OneOf,  // it is one of the values
        NoBit,  // it has none of the bits of the value
    };

    Test test = Test::Always;
    unsigned argument = 0;  // 0 to 5
    std::vector<std::uint32_t> values = {};
};

// A call that may be made where the condition holds. With `error`, it is not made, but fails with that number.
struct Rule {
    long number;
    Condition condition = {};
    int error = 0;
};

inline Condition one_of(unsigned argument, std::vector<std::uint32_t> values) {
    return {Condition::Test::OneOf, argument, std::move(values)};
}
inline Condition no_bit(unsigned argument, std::uint32_t bits) { return {Condition::Test::NoBit, argument, {bits}}; }

// The program: a call that no rule is for, one whose condition does not hold, and any of another architecture than
// x86-64 ends the process with SIGSYS. Of two rules for one number the first counts; the first are found fastest. At
// most 100 values for each condition.
std::vector<sock_filter> compile(const std::vector<Rule>& rules);

}  // namespace hospes::sandbox
