// From a form to experiments: registers, addressing modes, page scenarios and operand values.
#pragma once

#include "forms/assemble.h"
#include "forms/decoder.h"
#include "forms/experiment.h"
#include "random.h"

namespace hospes::oracle {

// Where a memory operand lies.
enum class Place : std::uint8_t {
    Inside,
    Misaligned,
    CrossPages,
    FirstAbsent,
    SecondAbsent,
    Absent,
    ReadOnly,
    CrossReadOnly,
    NonCanonical,
    kCount,
};
const char* place_name(Place place);

// An address for an operand of `size` bytes.
std::uint64_t place_address(Random& random, Place place, unsigned size);

// How many variants of the form cover it fully: every register in every position, every place.
unsigned full_variants(const Form& form);

// Set once at start: whether the host runs 32-bit code. If not, only forms that mean the same in 64-bit code are made.
extern bool compat_is_native;

// Whether 32-bit `code`, with an address-size prefix in front, does the same as 64-bit code.
bool same_in_64_bits(const Form& form, const Assembled& code);

// Makes variant `variant` (any number) of `form`, to run at about `address`. False: this combination has no encoding.
bool instantiate(const Form& form, unsigned variant, Random& random, std::uint64_t address, Experiment& experiment);

// A decoded instance whose initial state is being made.
struct Draft {
    const Form& form;
    const Instance& instance;
    const Decoded& decoded;
    Place place;
    std::uint64_t next_rip;
    std::uint64_t target = 0;  // where the explicit memory operand is, once pinned
    std::uint32_t pinned = 0;  // bit n: GPR n's value is an address now
};

// Sets registers so that all memory operands lie where the draft says.
void pin_addresses(Random& random, Draft& draft, Case& test);

// Values that make single instructions interesting: counters, divisors, comparands, branch targets, selectors.
void specialise(Random& random, Draft& draft, Case& test);

// Immediates likewise; called before the bytes are made.
std::uint64_t choose_immediate(const Form& form, Random& random, unsigned length);

// Adds a patch if all of it lies in the image and there is room.
void add_patch(Case& test, std::uint64_t address, const void* bytes, unsigned length);

}  // namespace hospes::oracle
