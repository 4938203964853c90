// A case with all that is needed to judge and to report it.
#pragma once

#include <string>
#include <vector>

#include "case.h"
#include "forms/form.h"

namespace hospes::oracle {

// What the comparison leaves out, and why it may.
struct Allowance {
    std::uint32_t undefined_flags = 0;   // after the case has run to its end
    std::uint32_t faulting_flags = 0;    // when it faults: what the faulting instruction itself would have written
    bool memory_after_fault = false;     // stores that hardware may have done in part before the fault
    bool fault_address_in_page = false;  // which byte of the page CR2 names, likewise
    bool integers_after_fault = false;   // POPA: how many registers it has loaded by then
    bool vector_after_fault = false;     // gathers: how far they came is the implementation's choice
};

// An instruction of a stream, for the same purpose: where the stream may end.
struct Step {
    std::uint32_t offset = 0;           // of the instruction in the code
    std::uint32_t undefined_flags = 0;  // when it starts
    std::uint32_t dead_flags = 0;       // then: it or later ones overwrite them, and nothing reads them before
};

struct Experiment {
    const Form* form = nullptr;  // nullptr: a stream
    const char* scenario = "";
    bool compat = false;
    bool prefixed = false;      // an address-size prefix goes in front, for hosts without 32-bit code
    std::uint64_t address = 0;  // of the first instruction
    std::vector<std::uint8_t> code;
    Case test{};
    Allowance allowance;
    std::vector<Step> steps;  // of a stream, the end included
};

}  // namespace hospes::oracle
