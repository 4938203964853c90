// The software CPU engine, as the machine creates it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cpu/engine.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::translator {

// Breaks one kind of emission on purpose, so that the oracle can prove that it would see it (tests only). Order: LOCK
// prefixes and MFENCE are left out and XCHG just stores, which only several vCPUs can see.
enum class Breakage : std::uint8_t {
    None,
    Plain,
    Memory,
    Flags,
    Stack,
    Branch,
    Sharing,
    BitString,
    Loop,
    Guess,
    Mask,
    Order
};

// What --trace shows, to standard error. Bits.
enum Trace : std::uint32_t {
    kTraceNothing = 0,
    kTraceBlocks = 1,  // each block when it is translated: guest code beside host code
    kTraceExits = 2,   // each return from translated code to the dispatcher
    kTraceFaults = 4,  // each exception and interrupt delivered
};

struct EngineOptions {
    std::size_t code_cache_bytes = 128u << 20;  // bound on generated code of each vCPU; a multiple of 2 MiB
    unsigned block_limit = 48;                  // most guest instructions in a block, 1 to 48
    bool link = true;                           // jump from block to block without the dispatcher
    std::uint32_t trace = kTraceNothing;        // Trace bits
    bool perf_map = false;                      // write /tmp/perf-PID.map, so that profilers name blocks
    std::string translations;                   // a file of translations to use; empty: none
    std::string save_translations;              // the file that save_translations() writes; empty: none
    std::uint32_t without = 0;                  // Optimisation bits: what to leave out
    Breakage breakage = Breakage::None;
};

// What an engine needs of the host that the VM process's sandbox forbids to get: executable memory, a file to write.
// Made beforehand, for one engine after the other.
struct Resources;
// For engines of `vcpus` vCPUs. Errors: no memory for the code caches, or none that is executable; files of
// translations that cannot be read, or made.
Result<std::shared_ptr<Resources>> create_resources(const EngineOptions& options, unsigned vcpus = 1);
// Of the files that it writes.
std::vector<int> descriptors(const Resources& resources);
// No file that save_translations() writes is larger.
inline constexpr std::uint64_t kMostSavedBytes = 1ull << 30;
// Writes what the engines have translated, if that was asked for. No engine runs. Errors: disk full.
Result<void> save_translations(Resources& resources);

// Errors: the host's CPU lacks what the translator needs (BMI2), no memory. `ram` and `model` must outlive the engine;
// `resources` are of the same options, and of no other engine that lives.
Result<std::unique_ptr<cpu::Engine>> create_engine(const EngineOptions& options, std::shared_ptr<Resources> resources,
                                                   memory::GuestRam& ram, const x86::CpuidModel& model);

}  // namespace hospes::translator
