// From the texts of single options to what they mean. Each error names the option and says what it takes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "vmm/options.h"

namespace hospes::vmm {

// How an option and its value are quoted in errors.
std::string quoted(const std::string& option, const std::string& text);

// A whole number from `least` to `most`.
Result<std::uint64_t> parse_number(const std::string& option, const std::string& text, std::uint64_t least,
                                   std::uint64_t most);

// --memory, in MiB of text, to bytes: what a PC needs at least, and the host has at most.
// --gdb: a port, or unix:PATH.
Result<std::string> parse_gdb(const std::string& text);
Result<std::uint64_t> parse_memory(const std::string& text);
Result<EngineWish> parse_engine(const std::string& text);
// on or off.
Result<bool> parse_switch(const std::string& option, const std::string& text);
// FILE[,readonly=on|off]
Result<DiskOption> parse_disk(const std::string& text);
// blocks,exits,faults to translator::Trace bits.
Result<std::uint32_t> parse_trace(const std::string& text);
// Optimisation bits; and the names that it knows, for people.
Result<std::uint32_t> parse_without(const std::string& text);
std::string without_names();
// --code-cache, in MiB, to bytes.
Result<std::size_t> parse_code_cache(const std::string& text);

}  // namespace hospes::vmm
