// Running the programs of other people: apt-get, dpkg-deb, mmdebstrap, tar2sqfs.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hospes::image {

struct Tool {
    std::vector<std::string> words;
    int input = -1;              // -1: nothing to read
    int output = -1;             // -1: joins the errors
    std::string directory = {};  // where it runs; "" is here
    // Gets each line that it says, as it says it.
    std::function<void(std::string_view)> on_line = {};
};

// Runs it to its end. Error: it cannot be started, or fails; with the last that it said.
Result<void> run(const Tool& tool);

// The same; its standard output is the result. Meant for short ones.
Result<std::string> capture(Tool tool);

// Runs both at once, what `from` writes being what `to` reads.
Result<void> run_piped(Tool from, Tool to);

// Error if one of the programs is not there, naming all that are missing and the command that installs them.
Result<void> require_tools(std::span<const std::string_view> names);

// Puts the folders of system programs, which an ordinary user's PATH may lack, into this process's PATH, and takes out
// of its environment what would change the tools' work.
void prepare_environment(const std::string& temporary_folder);

}  // namespace hospes::image
