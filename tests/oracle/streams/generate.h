// Makes streams: straight runs of random instructions with forward branches, bounded loops, calls, jumps through
// registers and memory, pushes and pops, and pointers that move.
#pragma once

#include "streams/instruction.h"

namespace hospes::oracle {

// A stream of 5 to about 40 instructions. It ends for certain: by running to its end, or in a fault.
Stream generate_stream(Random& random, const InstructionSource& source);

}  // namespace hospes::oracle
