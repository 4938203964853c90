// The outcome of work on behalf of a guest instruction: a value, or the fault that the guest gets instead.
#pragma once

// always_inline here and in the other headers of the engine's C++: files built with -mgeneral-regs-only (see
// cmake/HospesHot.cmake) must not share out-of-line copies with files that may use vector registers.

#include "engine/translator/guest_state.h"

namespace hospes::translator {

template <typename T>
class [[nodiscard]] Checked {
  public:
    [[gnu::always_inline]] Checked(T value) : value_(value), ok_(true) {}
    [[gnu::always_inline]] Checked(const GuestFault& fault) : fault_(fault), ok_(false) {}

    [[gnu::always_inline]] bool ok() const { return ok_; }
    [[gnu::always_inline]] T value() const { return value_; }
    [[gnu::always_inline]] const GuestFault& fault() const { return fault_; }

  private:
    T value_{};
    GuestFault fault_{};
    bool ok_;
};

template <>
class [[nodiscard]] Checked<void> {
  public:
    [[gnu::always_inline]] Checked() : ok_(true) {}
    [[gnu::always_inline]] Checked(const GuestFault& fault) : fault_(fault), ok_(false) {}

    [[gnu::always_inline]] bool ok() const { return ok_; }
    [[gnu::always_inline]] void value() const {}
    [[gnu::always_inline]] const GuestFault& fault() const { return fault_; }

  private:
    GuestFault fault_{};
    bool ok_;
};

// Evaluates a Checked; returns its fault from the enclosing function, or yields its value.
#define GUEST_TRY(expression)                                  \
    __extension__({                                            \
        const auto guest_checked = (expression);               \
        if (!guest_checked.ok()) return guest_checked.fault(); \
        guest_checked.value();                                 \
    })

[[gnu::always_inline]] inline GuestFault undefined_opcode() { return {x86::UD, false, 0, 0}; }
[[gnu::always_inline]] inline GuestFault general_protection(std::uint32_t error_code = 0) {
    return {x86::GP, true, error_code, 0};
}
[[gnu::always_inline]] inline GuestFault stack_fault(std::uint32_t error_code = 0) {
    return {x86::SS_, true, error_code, 0};
}
[[gnu::always_inline]] inline GuestFault device_not_available() { return {x86::NM, false, 0, 0}; }

}  // namespace hospes::translator
