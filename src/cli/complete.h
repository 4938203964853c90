// What a shell may offer for the word that is being typed.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/commands.h"

namespace hospes::cli {

struct Candidate {
    std::string word;
    std::string what;  // shown beside it where the shell can
};

struct Candidates {
    std::vector<Candidate> words;
    Completion paths = Completion::None;  // File or Directory: the shell's own names, too
};

// Candidates for the last of `words` (which may be empty), the words after "hospes". `images` gives the images' names;
// it is asked only when they are wanted.
Candidates complete(std::span<const Group> groups, std::span<const Command> commands,
                    const std::vector<std::string>& words, const std::function<std::vector<std::string>()>& images);

}  // namespace hospes::cli
