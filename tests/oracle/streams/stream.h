// A random program: pieces of one instruction each, whose places in memory are settled only when it is linked, so that
// any of them can be left out.
#pragma once

#include <vector>

#include "forms/experiment.h"

namespace hospes::oracle {

inline constexpr int kNoLabel = -1;

struct Piece {
    std::vector<std::uint8_t> bytes;
    unsigned unit = 0;  // pieces of one unit stay or go together: a loop's counter and its branch
    // A displacement relative to the instruction's end, to be filled in.
    std::uint8_t fix_at = 0;
    std::uint8_t fix_bytes = 0;  // 1, 4; 0: there is none
    int label = kNoLabel;        // the piece that it leads to (one past the last: the end)...
    std::uint64_t target = 0;    // ...or an address
};

struct Stream {
    std::vector<Piece> pieces;
    unsigned units = 0;
    CpuImage initial{};
};

inline constexpr unsigned kMaxStreamBytes = 900;

// Makes the experiment out of the pieces whose unit is not in `dropped` (empty: all), to start at `address`. False: a
// short branch does not reach, too long, or an instruction would read flags that are undefined.
bool link_stream(const Stream& stream, const std::vector<bool>& dropped, std::uint64_t address, Experiment& experiment);

}  // namespace hospes::oracle
