#include "vmm/option_values.h"

#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/translator/optimisations.h"

namespace hospes::vmm {

namespace {

constexpr std::uint64_t kLeastMemory = 4;       // MiB: the first one is mostly the boot loader's
constexpr std::uint64_t kMostCodeCache = 2048;  // MiB: relative jumps must reach

std::optional<std::uint64_t> whole_number(const std::string& text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::uint64_t host_memory() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
               static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) >>
           20;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> words;
    std::size_t start = 0;
    for (;;) {
        const std::size_t comma = text.find(',', start);
        words.push_back(text.substr(start, comma - start));
        if (comma == std::string::npos) return words;
        start = comma + 1;
    }
}

}  // namespace

std::string quoted(const std::string& option, const std::string& text) { return option + " \"" + text + "\""; }

Result<std::uint64_t> parse_number(const std::string& option, const std::string& text, std::uint64_t least,
                                   std::uint64_t most) {
    const auto value = whole_number(text);
    const std::string range = std::to_string(least) + " to " + std::to_string(most);
    if (!value) return Error("cannot use " + quoted(option, text) + ": no whole number; give one from " + range);
    if (*value < least || *value > most) {
        return Error("cannot use " + quoted(option, text) + ": out of range; give a number from " + range);
    }
    return *value;
}

Result<std::string> parse_gdb(const std::string& text) {
    constexpr std::size_t kLongestPath = 107;  // of sockaddr_un
    if (!text.starts_with("unix:")) {
        HOSPES_TRY(parse_number("--gdb", text, 1, 65535));
        return text;
    }
    const std::size_t length = text.size() - 5;
    if (length != 0 && length <= kLongestPath) return text;
    return Error("cannot use " + quoted("--gdb", text) + ": the path has " + std::to_string(length) +
                 " letters; give one of 1 to " + std::to_string(kLongestPath));
}

Result<std::uint64_t> parse_memory(const std::string& text) {
    const auto value = whole_number(text);
    const std::string what = "cannot use " + quoted("--memory", text) + ": ";
    if (!value) return Error(what + "no whole number of MiB; give one, for example 256");
    const std::uint64_t most = host_memory();
    if (*value < kLeastMemory) {
        return Error(what + "a VM needs at least " + std::to_string(kLeastMemory) + " MiB of memory; give it more");
    }
    if (*value > most) {
        return Error(what + std::to_string(*value) + " MiB of memory are more than this host has, which is " +
                     std::to_string(most) + " MiB; give the VM less");
    }
    return *value << 20;
}

Result<EngineWish> parse_engine(const std::string& text) {
    if (text == "auto") return EngineWish::Auto;
    if (text == "translator") return EngineWish::Translator;
    if (text == "kvm") return EngineWish::Kvm;
    return Error("cannot use " + quoted("--engine", text) + ": no such engine; known are auto, kvm and translator");
}

Result<bool> parse_switch(const std::string& option, const std::string& text) {
    if (text == "on") return true;
    if (text == "off") return false;
    return Error("cannot use " + quoted(option, text) + ": neither on nor off; give one of them");
}

Result<DiskOption> parse_disk(const std::string& text) {
    const std::vector<std::string> words = split(text);
    const std::string what = "cannot use " + quoted("--disk", text) + ": ";
    DiskOption disk{words[0]};
    if (disk.path.empty()) return Error(what + "it names no file; give FILE[,readonly=on|off]");
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "readonly=on" || word == "readonly=off") {
            disk.read_only = word == "readonly=on";
        } else if (word.starts_with("readonly=")) {
            return Error(what + "it cannot be " + word + "; give readonly=on or readonly=off");
        } else {
            return Error(what + "there is no setting \"" + word + "\"; known is readonly=on|off");
        }
    }
    return disk;
}

Result<std::uint32_t> parse_trace(const std::string& text) {
    std::uint32_t bits = translator::kTraceNothing;
    for (const std::string& word : split(text)) {
        if (word == "blocks") {
            bits |= translator::kTraceBlocks;
        } else if (word == "exits") {
            bits |= translator::kTraceExits;
        } else if (word == "faults") {
            bits |= translator::kTraceFaults;
        } else {
            return Error("cannot use " + quoted("--trace", text) + ": nothing is called \"" + word +
                         "\"; known are blocks, exits and faults, separated by commas");
        }
    }
    return bits;
}

std::string without_names() {
    std::string names;
    for (const translator::NamedOptimisation& known : translator::kOptimisations) {
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    return names;
}

Result<std::uint32_t> parse_without(const std::string& text) {
    std::uint32_t bits = 0;
    for (const std::string& word : split(text)) {
        const std::uint32_t bit = translator::optimisation_named(word);
        if (bit == 0) {
            return Error("cannot use " + quoted("--without", text) + ": nothing is called \"" + word +
                         "\"; known are " + without_names() + ", separated by commas");
        }
        bits |= bit;
    }
    return bits;
}

Result<std::size_t> parse_code_cache(const std::string& text) {
    const std::uint64_t size = HOSPES_TRY(parse_number("--code-cache", text, 2, kMostCodeCache));
    if (size % 2 == 0) return static_cast<std::size_t>(size << 20);
    return Error("cannot use " + quoted("--code-cache", text) + ": it grows in steps of 2 MiB; give an even number");
}

}  // namespace hospes::vmm
