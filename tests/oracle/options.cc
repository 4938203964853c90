#include "options.h"

#include <cstdlib>
#include <functional>

namespace hospes::oracle {

const char* usage() {
    return "usage: oracle_run [--group NAME]... [--variants N] [--only TEXT] [--alignment] [--break GROUP]\n"
           "       oracle_run --stream [--seconds N] [--save DIRECTORY] [--break GROUP]\n"
           "       oracle_run --replay FILE...\n"
           "       oracle_run --list [--forms]\n"
           "       oracle_run --table\n"
           "  common: [--seed N] [--show N] [--engine single|normal|linked]... [--cpu MODEL] [--without NAME]... "
           "[--self]\n"
           "          with one --engine: [--save-translations FILE] [--translations FILE]\n";
}

namespace {

class Words {
  public:
    Words(int count, char** words) : words_(words + 1, words + count) {}

    bool empty() const { return next_ == words_.size(); }
    std::string take() { return words_[next_++]; }
    // The value of option `name`; notes an error if there is none.
    std::string value(const std::string& name) {
        if (!empty()) return take();
        problem_ = name + " needs a value";
        return "";
    }
    std::uint64_t number(const std::string& name) {
        const std::string text = value(name);
        char* end = nullptr;
        const std::uint64_t result = std::strtoull(text.c_str(), &end, 0);
        if (text.empty() || *end != '\0') problem_ = name + " needs a number, not '" + text + "'";
        return result;
    }
    const std::string& problem() const { return problem_; }

  private:
    std::vector<std::string> words_;
    std::size_t next_ = 0;
    std::string problem_;
};

bool take_flag(const std::string& word, Options& options) {
    if (word == "--list") return options.list = true;
    if (word == "--forms") return options.list_forms = true;
    if (word == "--table") return options.table = true;
    if (word == "--alignment") return options.alignment = true;
    if (word == "--stream") return options.stream = true;
    if (word == "--self") return options.self_test = true;
    return false;
}

bool take_valued(const std::string& word, Words& words, Options& options) {
    if (word == "--group")
        options.groups.push_back(words.value(word));
    else if (word == "--engine")
        options.subjects.push_back(words.value(word));
    else if (word == "--break")
        options.break_emitter = words.value(word);
    else if (word == "--without")
        options.without.push_back(words.value(word));
    else if (word == "--translations")
        options.translations = words.value(word);
    else if (word == "--save-translations")
        options.save_translations = words.value(word);
    else if (word == "--save")
        options.save = words.value(word);
    else if (word == "--cpu")
        options.cpu_model = words.value(word);
    else if (word == "--only")
        options.only = words.value(word);
    else if (word == "--seed")
        options.seed = words.number(word);
    else if (word == "--seconds")
        options.seconds = static_cast<unsigned>(words.number(word));
    else if (word == "--variants")
        options.variants = static_cast<unsigned>(words.number(word));
    else if (word == "--show")
        options.show = static_cast<unsigned>(words.number(word));
    else
        return false;
    return true;
}

}  // namespace

Result<Options> parse_options(int count, char** words_in) {
    Options options;
    Words words(count, words_in);
    while (!words.empty()) {
        const std::string word = words.take();
        if (word == "--replay") {
            while (!words.empty()) options.replay.push_back(words.take());
        } else if (!take_flag(word, options) && !take_valued(word, words, options)) {
            return Error("unknown option '" + word + "'");
        }
        if (!words.problem().empty()) return Error(words.problem());
    }
    return options;
}

}  // namespace hospes::oracle
