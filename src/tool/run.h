// Running the programs of other people: apt-get, dpkg-deb, mmdebstrap, tar2sqfs, mke2fs. They are found as find.h
// says.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hospes::tool {

struct Tool {
    std::vector<std::string> words;
    int input = -1;              // -1: nothing to read
    int output = -1;             // -1: joins the errors
    std::string directory = {};  // where it runs; "" is here
    // Gets each line that it says, as it says it.
    std::function<void(std::string_view)> on_line = {};
    // Silence on a full disk does not mean that it hangs, as it otherwise does.
    bool makes_room = false;
};

// Runs it to its end. Error: it cannot be started, or fails; with the last that it said.
Result<void> run(const Tool& tool);

// The same; its standard output is the result. Meant for short ones.
Result<std::string> capture(Tool tool);

// Runs both at once, what `from` writes being what `to` reads.
Result<void> run_piped(Tool from, Tool to);

// Error if one of the programs is not there, naming all that are missing and the command that installs them.
Result<void> require_tools(std::span<const std::string_view> names);

// Makes this process one that tools can be run from: `work` is the folder that they work in and where their temporary
// files go, PATH has the folders of system programs, which an ordinary user's may lack, and nothing that would change
// what the tools do is left in the environment.
Result<void> prepare_for_tools(const std::string& work);

}  // namespace hospes::tool
