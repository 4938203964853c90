// Errors of the host and the operator: a value or an explanation, never an exception.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace hospes {

// Why something failed, in words for the operator: what, why, what to do. Context is added on the way up.
class [[nodiscard]] Error {
  public:
    explicit Error(std::string message) : message_(std::move(message)) {}

    const std::string& message() const { return message_; }

    // "context: message"
    Error in(const std::string& context) && { return Error(context + ": " + message_); }

  private:
    std::string message_;
};

// Text of errno value `number`, as strerror gives it.
std::string errno_text(int number);

// A T, or the Error that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() { return *std::get_if<0>(&content_); }
    const T& value() const { return *std::get_if<0>(&content_); }
    T take() { return std::move(*std::get_if<0>(&content_)); }
    const Error& error() const { return *std::get_if<1>(&content_); }
    Error take_error() { return std::move(*std::get_if<1>(&content_)); }

    T* operator->() { return &value(); }
    T& operator*() { return value(); }

  private:
    std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool ok() const { return ok_; }
    explicit operator bool() const { return ok_; }
    const Error& error() const { return error_; }
    Error take_error() { return std::move(error_); }
    void take() {}

  private:
    Error error_{""};
    bool ok_ = true;
};

// Evaluates a Result; returns its error from the enclosing function, or yields its value.
#define HOSPES_TRY(expression)                                      \
    __extension__({                                                 \
        auto hospes_result = (expression);                          \
        if (!hospes_result.ok()) return hospes_result.take_error(); \
        hospes_result.take();                                       \
    })

}  // namespace hospes
