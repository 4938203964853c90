#include <cstdarg>
#include <cstdio>

#include "compare/compare.h"
#include "forms/decoder.h"

namespace hospes::oracle {

namespace {

void append(std::string& text, const char* pattern, ...) __attribute__((format(printf, 2, 3)));
void append(std::string& text, const char* pattern, ...) {
    char line[300];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(line, sizeof line, pattern, arguments);
    va_end(arguments);
    text += line;
}

void append_listing(std::string& text, const Experiment& experiment) {
    std::size_t at = 0;
    while (at < experiment.code.size()) {
        const std::uint8_t* bytes = experiment.code.data() + at;
        const std::size_t left = experiment.code.size() - at;
        Decoded decoded;
        const std::size_t length =
            decode(experiment.compat, bytes, left, decoded) ? decoded.instruction.length : std::size_t{1};
        const std::uint64_t address = experiment.address + at;
        append(text, "    %8llx  %-32s %s\n", static_cast<unsigned long long>(address),
               hex_bytes(bytes, length).c_str(), disassemble(experiment.compat, bytes, length, address).c_str());
        at += length;
    }
}

void append_state(std::string& text, const Case& test) {
    static constexpr const char* kNames[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                               "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    const CpuImage& state = test.initial;
    for (unsigned i = 0; i < 16; ++i) {
        append(text, "%s%4s=%016llx", i % 4 == 0 ? "    " : " ", kNames[i],
               static_cast<unsigned long long>(state.gpr[i]));
        if (i % 4 == 3) text += '\n';
    }
    append(text, "    rflags=%llx fcw=%x fsw=%x ftw=%x mxcsr=%x\n", static_cast<unsigned long long>(state.rflags),
           state.fcw, state.fsw, state.ftw, state.mxcsr);
    for (unsigned i = 0; i < test.patch_count; ++i) {
        const Patch& patch = test.patches[i];
        const std::uint64_t address = kDataPages[patch.offset >> kPageBits].address + (patch.offset & kPageMask);
        append(text, "    memory %llx: %s\n", static_cast<unsigned long long>(address),
               hex_bytes(patch.bytes, patch.length).c_str());
    }
}

}  // namespace

std::string describe_mismatch(const Experiment& experiment, const std::vector<std::string>& differences) {
    std::string text;
    append(text, "MISMATCH %s (%s)%s\n", experiment.form != nullptr ? experiment.form->signature.c_str() : "stream",
           experiment.scenario, experiment.compat ? ", 32-bit code" : "");
    append_listing(text, experiment);
    append_state(text, experiment.test);
    for (const std::string& line : differences) text += "  " + line + "\n";
    return text;
}

}  // namespace hospes::oracle
