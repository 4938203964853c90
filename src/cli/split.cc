#include "cli/split.h"

#include "cli/lookup.h"

namespace hospes::cli {

namespace {

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-' && word != "--"; }

// The option that takes the word after `word` as its value, or nullptr.
const Option* wants_next(const Command& command, const std::string& word) {
    const Option* option = find_option(command, word);
    if (option == nullptr || !takes_value(*option)) return nullptr;
    const bool attached =
        word.starts_with("--") ? word.find('=') != std::string::npos : names_of(*option).front()[1] != word.back();
    return attached ? nullptr : option;
}

}  // namespace

Split split_rest(const Command& command, const std::vector<std::string>& words) {
    Split split;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool complete = split.arguments == command.arguments.size();
        if (word == "--" && !split.marked) {
            split.marked = true;
            if (!complete) split.own.push_back(word);
        } else if (is_option(word) && !split.marked) {
            split.own.push_back(word);
            split.waiting = wants_next(command, word);
            if (split.waiting == nullptr || i + 1 == words.size()) continue;
            split.own.push_back(words[++i]);
            split.waiting = nullptr;
        } else if (complete) {
            split.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
            break;
        } else {
            split.own.push_back(word);
            ++split.arguments;
        }
    }
    return split;
}

}  // namespace hospes::cli
