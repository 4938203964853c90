#include "compare/compare.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace hospes::oracle {

namespace {

constexpr std::uint64_t kResumeFlag = 1u << 16;
constexpr const char* kMasks[8] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}

std::string bytes_downwards(const std::uint8_t* bytes, unsigned length) {
    std::string text;
    for (unsigned i = length; i-- > 0;) text += format("%02x", bytes[i]);
    return text;
}

const char* no_outcome(std::uint32_t vector) {
    switch (vector) {
        case kEngineFailed: return "the engine failed: its report is on standard error";
        case kHung: return "it hung";
        case kTripleFault: return "triple fault";
        case kBadFrame: return "it halted elsewhere than behind a gate, or with a wrong CS or SS in the frame";
        default: return "not run";
    }
}

// Flags that may differ after `expected`.
std::uint64_t ignored_flags(const Experiment& experiment, const Outcome& expected, bool faulted) {
    std::uint64_t ignored = kResumeFlag | experiment.allowance.undefined_flags;
    if (faulted) ignored |= experiment.allowance.faulting_flags;
    const Step* at_end = nullptr;
    for (const Step& step : experiment.steps) {
        // INT3 at the end is behind the last step, and has been passed.
        if (experiment.address + step.offset == expected.final.rip - (faulted ? 0 : 1)) at_end = &step;
    }
    if (at_end != nullptr) ignored |= at_end->undefined_flags | (faulted ? at_end->dead_flags : 0);
    return ignored;
}

bool is_invalid(const Experiment& experiment) {
    return experiment.form != nullptr && experiment.form->group == Group::Invalid;
}

class Comparison {
  public:
    Comparison(const Experiment& experiment, const Outcome& expected, const Outcome& got)
        : experiment_(experiment), expected_(expected), got_(got) {}

    std::vector<std::string> run() {
        // Not in the decoder's tables, yet in the host: younger, or one maker's own (MPX as NOPs, LOCK MOV CR0).
        if (is_invalid(experiment_) && expected_.vector != 6) return {};
        if (got_.vector >= kBadFrame) {
            lines_.push_back(no_outcome(got_.vector));
            return std::move(lines_);
        }
        how_it_ended();
        integers();
        x87();
        vectors();
        if (!(faulted() && experiment_.allowance.memory_after_fault)) memory();
        return std::move(lines_);
    }

  private:
    bool faulted() const { return expected_.vector != 3; }

    void number(const char* name, std::uint64_t expected, std::uint64_t got) {
        if (expected == got) return;
        lines_.push_back(format("%s: expected %#llx, got %#llx", name, static_cast<unsigned long long>(expected),
                                static_cast<unsigned long long>(got)));
    }

    void field(const char* name, unsigned index, const std::uint8_t* expected, const std::uint8_t* got, unsigned size) {
        if (std::memcmp(expected, got, size) == 0) return;
        lines_.push_back(format("%s%u: expected %s, got %s", name, index, bytes_downwards(expected, size).c_str(),
                                bytes_downwards(got, size).c_str()));
    }

    void how_it_ended() {
        number("vector", expected_.vector, got_.vector);
        number("rip", expected_.final.rip, got_.final.rip);
        if (expected_.vector != got_.vector) return;
        number("error code", expected_.error_code, got_.error_code);
        const std::uint64_t ignored = experiment_.allowance.fault_address_in_page ? kPageMask : 0;
        if (expected_.vector == 14) number("cr2", expected_.cr2 & ~ignored, got_.cr2 & ~ignored);
    }

    void integers() {
        static constexpr const char* kNames[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                   "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
        const std::uint64_t mask = experiment_.compat ? 0xffffffff : ~0ull;
        const bool unknown = faulted() && experiment_.allowance.integers_after_fault;
        for (unsigned i = 0; !unknown && i < (experiment_.compat ? 8u : 16u); ++i) {
            number(kNames[i], expected_.final.gpr[i] & mask, got_.final.gpr[i] & mask);
        }
        const std::uint64_t ignored = ignored_flags(experiment_, expected_, faulted());
        number("rflags", expected_.final.rflags & ~ignored, got_.final.rflags & ~ignored);
    }

    void x87() {
        number("fcw", expected_.final.fcw, got_.final.fcw);
        number("fsw", expected_.final.fsw, got_.final.fsw);
        number("ftw", expected_.final.ftw, got_.final.ftw);
        for (unsigned i = 0; i < 8; ++i) field("st", i, expected_.final.st[i], got_.final.st[i], 10);
    }

    void vectors() {
        number("mxcsr", expected_.final.mxcsr, got_.final.mxcsr);
        if (faulted() && experiment_.allowance.vector_after_fault) return;
        for (unsigned i = 0; i < (experiment_.compat ? 8u : 32u); ++i) {
            field("zmm", i, expected_.final.vector[i], got_.final.vector[i], 64);
        }
        for (unsigned i = 0; i < 8; ++i) number(kMasks[i], expected_.final.mask[i], got_.final.mask[i]);
    }

    void memory() {
        if (expected_.changed == got_.changed && expected_.memory_hash == got_.memory_hash) return;
        number("changed words", expected_.changed, got_.changed);
        note_words(expected_, got_, "expected");
        note_words(got_, expected_, "got");
        if (lines_.empty()) lines_.push_back("memory differs");
    }

    void note_words(const Outcome& one, const Outcome& other, const char* whose) {
        for (unsigned i = 0; i < one.changed && i < kMaxWords; ++i) {
            bool same = false;
            for (unsigned j = 0; j < other.changed && j < kMaxWords; ++j) {
                same |= one.words[i].index == other.words[j].index && one.words[i].value == other.words[j].value;
            }
            if (same) continue;
            const std::uint64_t offset = one.words[i].index * 8ull;
            lines_.push_back(
                format("memory %#llx: %s %#018llx",
                       static_cast<unsigned long long>(kDataPages[offset >> kPageBits].address + (offset & kPageMask)),
                       whose, static_cast<unsigned long long>(one.words[i].value)));
        }
    }

    const Experiment& experiment_;
    const Outcome& expected_;
    const Outcome& got_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> differences(const Experiment& experiment, const Outcome& expected, const Outcome& got) {
    return Comparison(experiment, expected, got).run();
}

}  // namespace hospes::oracle
