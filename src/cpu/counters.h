// An engine's counters as Engine::counters() prints them. A struct T of them names its members in T::kNamed.
#pragma once

#include <cstdint>
#include <string>

namespace hospes::cpu {

template <typename T>
struct NamedCounter {
    const char* name;
    std::uint64_t T::*value;
};

template <typename T>
void add_counters(T& to, const T& from) {
    for (const NamedCounter<T>& counter : T::kNamed) to.*counter.value += from.*counter.value;
}

inline std::string counter_line(const char* name, std::uint64_t value) {
    return std::string(name) + " " + std::to_string(value) + "\n";
}

template <typename T>
std::string counter_lines(const T& counters) {
    std::string text;
    for (const NamedCounter<T>& counter : T::kNamed) text += counter_line(counter.name, counters.*counter.value);
    return text;
}

}  // namespace hospes::cpu
