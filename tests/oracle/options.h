// The command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace hospes::oracle {

struct Options {
    bool list = false;
    bool list_forms = false;          // with --list: every form
    bool table = false;               // the table of docs/oracle-forms.md
    std::vector<std::string> groups;  // empty: all
    bool alignment = false;           // of forms: with RFLAGS.AC set
    bool stream = false;
    std::uint64_t seed = 1;
    unsigned seconds = 10;
    unsigned variants = 0;                        // of each form; 0: all
    unsigned show = 10;                           // mismatches printed
    bool self_test = false;                       // against a second native child instead of an engine
    std::string break_emitter;                    // and the run must be red
    std::vector<std::string> without;             // optimisations to leave out
    std::vector<std::string> subjects;            // single, normal, linked; empty: all
    std::vector<std::string> replay;              // regression files
    std::string translations, save_translations;  // of the one subject, as hospes-vmm's options
    std::string save;                             // directory for minimised streams
    std::string cpu_model = "host";
    std::string only;  // forms whose signature contains this
};

Result<Options> parse_options(int count, char** words);
const char* usage();

}  // namespace hospes::oracle
