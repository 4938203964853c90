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

enum class EngineWish : std::uint8_t { Auto, Translator, Kvm };

struct Options {
    EngineWish engine = EngineWish::Auto;
    machine::MachineSetup machine;
    std::vector<DiskOption> disks;
    std::vector<machine::StreamPort> ports;
    bool reboot = true;
    bool counters = false;
    bool sandbox = true;
    std::string gdb;  // where a debugger connects; empty: nowhere
};

struct CommandLine {
    Options options;
    std::optional<std::string> answer;  // of --help or --version: to be printed, and nothing else done
};

// Errors: anything that cannot be meant.
Result<CommandLine> parse_command_line(int count, const char* const* words);

}  // namespace hospes::vmm
