// The command line of hospes-vmm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "machine/board/machine.h"

namespace hospes::vmm {

struct DiskOption {
    std::string path;
    bool read_only = false;
};

struct Options {
    machine::MachineSetup machine;
    std::vector<DiskOption> disks;
    bool reboot = true;
    bool counters = false;
};

struct CommandLine {
    Options options;
    std::optional<std::string> answer;  // of --help or --version: to be printed, and nothing else done
};

// Errors: anything that cannot be meant.
Result<CommandLine> parse_command_line(int count, const char* const* words);

}  // namespace hospes::vmm
