#include "sandbox/call_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cstddef>

namespace hospes::sandbox {

namespace {

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kIfAnyBit = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;

class Program {
  public:
    void load(std::size_t offset) { add(kLoad, static_cast<std::uint32_t>(offset)); }
    // Goes over the next `skipped` instructions unless the loaded word is `value`.
    void unless_equal_skip(std::uint32_t value, std::size_t skipped) {
        add(kIfEqual, value, 0, static_cast<std::uint8_t>(skipped));
    }
    void if_equal_skip(std::uint32_t value, std::size_t skipped) {
        add(kIfEqual, value, static_cast<std::uint8_t>(skipped), 0);
    }
    void if_any_bit_skip(std::uint32_t bits, std::size_t skipped) {
        add(kIfAnyBit, bits, static_cast<std::uint8_t>(skipped), 0);
    }
    void answer(std::uint32_t action) { add(kReturn, action); }
    void kill() { answer(SECCOMP_RET_KILL_PROCESS); }
    void append(const Program& other) { code_.insert(code_.end(), other.code_.begin(), other.code_.end()); }

    std::size_t size() const { return code_.size(); }
    std::vector<sock_filter> take() { return std::move(code_); }

  private:
    void add(std::uint16_t code, std::uint32_t value, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
        code_.push_back({code, if_true, if_false, value});
    }
    std::vector<sock_filter> code_;
};

// x86-64 is little-endian: the low word lies first.
std::size_t argument_offset(unsigned argument) {
    return offsetof(seccomp_data, args) + argument * sizeof(seccomp_data::args[0]);
}

// What is done about a call with the rule's number. Every way through it ends with an answer.
Program body_of(const Rule& rule) {
    Program body;
    const auto action =
        rule.error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(rule.error);
    const Condition& condition = rule.condition;
    if (condition.test != Condition::Test::Always) body.load(argument_offset(condition.argument));
    switch (condition.test) {
        case Condition::Test::Always: body.answer(action); break;
        case Condition::Test::OneOf:
            for (const std::uint32_t value : condition.values) {
                body.unless_equal_skip(value, 1);
                body.answer(action);
            }
            body.kill();
            break;
        case Condition::Test::NoBit:
            body.if_any_bit_skip(condition.values.front(), 1);
            body.answer(action);
            body.kill();
            break;
    }
    return body;
}

}  // namespace

// Calls by the x32 ABI have bit 30 set in their number, and so are equal to none.
std::vector<sock_filter> compile(const std::vector<Rule>& rules) {
    Program program;
    program.load(offsetof(seccomp_data, arch));
    program.if_equal_skip(AUDIT_ARCH_X86_64, 1);
    program.kill();
    program.load(offsetof(seccomp_data, nr));
    for (const Rule& rule : rules) {
        const Program body = body_of(rule);
        program.unless_equal_skip(static_cast<std::uint32_t>(rule.number), body.size());
        program.append(body);
    }
    program.kill();
    return program.take();
}

}  // namespace hospes::sandbox
