// What the doctor says of one thing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hospes::doctor {

enum class Severity : std::uint8_t {
    Ok,
    Note,     // as good as it gets here, or of use to some only
    Warning,  // something is slower, or does not work
    Problem,  // no VM runs
};

enum class Topic : std::uint8_t { Engine, Processor, Memory, Storage, Isolation, Images };

// Codes never change their meaning: programs read them.
struct Finding {
    Topic topic = Topic::Engine;
    std::string code;  // "kvm.absent"
    Severity severity = Severity::Ok;
    std::string summary;  // what was found
    std::string cost;     // what it costs; "" if nothing
    std::string mend;     // the command that mends it, for Debian and for the user who asks; "" if none does
};

using Findings = std::vector<Finding>;

}  // namespace hospes::doctor
