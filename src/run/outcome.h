// How a run ended, as the caller of `hospes run` sees it.
#pragma once

#include <string>

namespace hospes::run {

inline constexpr int kTimedOut = 124;
inline constexpr int kNotStarted = 125;  // or the VM failed
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;
inline constexpr int kSignalBase = 128;

struct Outcome {
    int status = 0;
    std::string line;     // to be said; "" after a command that ran to its end
    std::string console;  // the last lines of the guest's console, where they may tell why
};

}  // namespace hospes::run
