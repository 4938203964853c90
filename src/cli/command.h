// What a command of `hospes` is: what it takes, what it says of itself, what it does. Help, completion and the man page
// are all made from this, so it is written once.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace hospes::cli {

// Exit status of a command line that cannot be meant, unless the command says otherwise.
inline constexpr int kUsageStatus = 2;

// What a shell completes a value with.
enum class Completion { None, File, Directory, Image, Words };

// Where a value goes: a flag's, a single value's, or one more to a list.
using Target = std::variant<bool*, std::string*, std::vector<std::string>*>;

struct Option {
    std::string names;  // "-e,--env"
    std::string value;  // what help calls the value: "NAME[=VALUE]"; "" for a flag
    std::string help;   // no full stop at its end
    Target target;
    Completion completion = Completion::None;
    std::vector<std::string> words = {};  // the values that there are, for Completion::Words
};

// A value without a name before it. One with a list as its target takes all that are left.
struct Argument {
    std::string name;  // "IMAGE"
    std::string help;
    Target target;
    Completion completion = Completion::None;
    bool required = true;
};

struct Example {
    std::string line;
    std::string what;
};

struct ExitStatus {
    std::string status;  // "0", "128+N"
    std::string meaning;
};

struct Command {
    std::string name;     // "run", or "image ls": the second command of a group
    std::string summary;  // one line without a full stop
    std::string text;     // paragraphs with an empty line between them; "" if the summary says it all
    std::vector<Option> options;
    std::vector<Argument> arguments;
    // Takes what follows the arguments, unread: "[--] COMMAND [ARGUMENT...]".
    std::vector<std::string>* rest = nullptr;
    std::vector<Example> examples;
    std::vector<ExitStatus> statuses;  // empty: 0, error_status and usage_status mean the usual
    int usage_status = kUsageStatus;
    int error_status = 1;  // when `run` gives an Error
    bool hidden = false;
    // Does it, after the targets were filled; gives the exit status. An Error is printed by the caller.
    std::function<Result<int>()> run;
};

}  // namespace hospes::cli
