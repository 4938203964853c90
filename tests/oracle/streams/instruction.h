// Random instructions that fit into a stream.
#pragma once

#include <array>

#include "forms/assemble.h"
#include "forms/decoder.h"
#include "random.h"
#include "streams/stream.h"

namespace hospes::oracle {

// Which general registers a stream leaves alone, and what they hold.
struct Reserved {
    std::uint32_t set = 1u << 4;  // RSP always
    std::array<std::uint8_t, 3> pointers{};
    std::uint8_t index = 0;
    std::uint64_t values[16] = {};

    bool has(unsigned gpr) const { return (set >> gpr & 1) != 0; }
};

class InstructionSource {
  public:
    // `forms` must outlive the source.
    explicit InstructionSource(const std::vector<Form>& forms);

    // Appends an instruction with what must come before it (a string's pointers, a dividend). `faults`: 1 in that many
    // memory operands lie where they must not.
    void append(Random& random, const Reserved& reserved, unsigned faults, Stream& stream) const;

  private:
    const Form& pick(Random& random) const;
    bool try_form(Random& random, const Form& form, const Reserved& reserved, unsigned faults, Stream& stream) const;

    std::array<std::vector<const Form*>, kGroupCount> by_group_;
    std::vector<Group> lottery_;  // each group as often as it has tickets
};

// Whether the instruction leaves the reserved registers as they are. Pushes and pops may move RSP.
bool keeps_reserved(const Decoded& decoded, const Reserved& reserved);

}  // namespace hospes::oracle
