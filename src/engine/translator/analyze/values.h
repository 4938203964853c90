// Value numbering of the general registers over straight code.
#pragma once

#include <array>
#include <cstdint>

#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

// A register's value as "value number + constant".
struct Value {
    std::uint32_t number = 0;
    std::int64_t delta = 0;
};

inline Value plus(const Value& value, std::int64_t constant) { return {value.number, value.delta + constant}; }

// What is known of the registers at an instruction: which of them differ by constants from each other, or from what
// they held at first.
class Values {
  public:
    // Register r holds value number r + 1.
    Values() {
        for (Value& value : values_) value = fresh();
    }

    const Value& operator[](unsigned guest) const { return values_[guest]; }

    // The register that held `number` at first, or kGprCount.
    static unsigned first_holder(std::uint32_t number) {
        return number - 1 < x86::kGprCount ? number - 1 : static_cast<unsigned>(x86::kGprCount);
    }

    // Carries the values over one instruction.
    void step(const Instruction& in);

  private:
    Value fresh() { return {++last_number_, 0}; }
    bool step_stack(const Instruction& in);
    bool step_arithmetic(const Instruction& in);
    bool step_lea(unsigned target, const ZydisDecodedOperandMem& mem, unsigned width);

    std::array<Value, x86::kGprCount> values_{};
    std::uint32_t last_number_ = 0;
};

}  // namespace hospes::translator
