// The hidden `hospes __complete -- WORD...`, which the scripts of `hospes completion` ask.
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/say.h"
#include "image/name.h"
#include "image/store.h"

namespace hospes::cli {

namespace {

// Those that are there and those that could be built.
std::vector<std::string> image_names() {
    std::vector<std::string> names(image::known_names().begin(), image::known_names().end());
    auto store = image::Store::open();
    if (!store.ok()) return names;
    auto entries = store->list();
    if (!entries.ok()) return names;
    for (const auto& entry : *entries) {
        if (std::ranges::find(names, entry.image.name) == names.end()) names.push_back(entry.image.name);
    }
    return names;
}

std::string lines_of(const Candidates& found) {
    std::string lines;
    if (found.paths == Completion::File) lines = ":file\n";
    if (found.paths == Completion::Directory) lines = ":directory\n";
    for (const Candidate& one : found.words) lines += one.word + "\t" + one.what + "\n";
    return lines;
}

}  // namespace

Command complete_command() {
    auto words = std::make_shared<std::vector<std::string>>();
    Command command;
    command.name = "__complete";
    command.summary = "Print what the last of the words may become";
    command.hidden = true;
    command.rest = words.get();
    command.run = [words]() -> Result<int> {
        return print(lines_of(complete(command_groups(), all_commands(), *words, image_names))) ? 0 : 1;
    };
    return command;
}

}  // namespace hospes::cli
