// One experiment: a machine state to start from, and what came out. Plain data, because both live in memory that is
// shared with the native child.
#pragma once

#include <cstdint>

#include "layout.h"

namespace hospes::oracle {

// Whether cases use AVX-512: the host and the CPU model have it. Without, its part of a state is 0. Set once at start.
extern bool has_avx512;

// All that user code can see of a CPU, but for memory.
struct CpuImage {
    std::uint64_t gpr[16];
    std::uint64_t rip;
    std::uint64_t rflags;
    std::uint16_t fcw;
    std::uint16_t fsw;
    std::uint8_t ftw;  // abridged: one bit a register, set = not empty
    std::uint8_t reserved[3];
    std::uint32_t mxcsr;
    std::uint32_t reserved2;
    std::uint8_t st[8][16];                   // by distance from the top; 10 bytes used
    std::uint64_t mask[8];                    // k0 to k7
    alignas(64) std::uint8_t vector[32][64];  // ZMM0 to ZMM31
};

// Bytes that a case wants in memory before it starts.
struct Patch {
    std::uint32_t offset;  // in the memory image
    std::uint32_t length;
    std::uint8_t bytes[64];
};

inline constexpr unsigned kMaxPatches = 4;

// Bytes of memory that are put back before memory is compared: what they become is the host's own affair.
struct Ignored {
    std::uint32_t offset = 0;  // in the memory image
    std::uint32_t length = 0;
};

struct Case {
    CpuImage initial;
    std::uint16_t cs;
    std::uint16_t patch_count;
    Patch patches[kMaxPatches];
    Ignored ignored;
};

inline constexpr unsigned kMaxWords = 20;

// RFLAGS that a case starts with: what the native side can set of its own (status, DF, AC), and what is always so.
inline constexpr std::uint64_t kSettableFlags = 0xcd5 | 0x40000;
inline constexpr std::uint64_t kInitialFlags = 0x202;
inline constexpr std::uint64_t kAlignmentCheck = 0x40000;

// In place of a vector: there is no outcome, because...
inline constexpr std::uint32_t kNotRun = 0xffff;        // nobody wrote one
inline constexpr std::uint32_t kEngineFailed = 0xfffe;  // the engine gave up
inline constexpr std::uint32_t kHung = 0xfffd;          // it did not end
inline constexpr std::uint32_t kTripleFault = 0xfffc;
inline constexpr std::uint32_t kBadFrame =
    0xfffb;  // it ended elsewhere than behind a gate, or CS or SS pushed is wrong

struct ChangedWord {
    std::uint32_t index;  // of the 64-bit word in the memory image
    std::uint64_t value;
};

struct Outcome {
    CpuImage final;
    std::uint32_t vector;
    std::uint32_t error_code;
    std::uint64_t cr2;
    std::uint32_t changed;      // how many words of memory differ from the batch's image
    std::uint64_t memory_hash;  // over all of them
    ChangedWord words[kMaxWords];
};

inline constexpr unsigned kBatchCases = 1024;

// What runs at once: code, memory image and cases. The code of all cases is in place before the first one runs.
struct Batch {
    alignas(4096) std::uint8_t code[kCodeSize];
    alignas(4096) std::uint8_t image[kImageSize];
    std::uint32_t count;
    Case cases[kBatchCases];
};

}  // namespace hospes::oracle
