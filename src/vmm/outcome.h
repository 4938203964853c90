// What an ended machine means for this process: its exit status and its last line (README.md).
#pragma once

#include <string>

#include "cpu/engine.h"
#include "machine/board/ending.h"

namespace hospes::vmm {

inline constexpr int kStatusError = 125;

struct Outcome {
    int status = 0;
    std::string line;
    bool restart = false;
    int signal = 0;  // that the process is to die of
};

Outcome outcome_of(const cpu::Exit& exit, const machine::Ending& ending, bool reboot);

}  // namespace hospes::vmm
