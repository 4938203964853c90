// The hidden `hospes __manual`, which the build makes hospes.1 with.
#include "cli/commands.h"
#include "cli/manual.h"
#include "cli/say.h"

namespace hospes::cli {

Command manual_command() {
    Command command;
    command.name = "__manual";
    command.summary = "Print the man page";
    command.hidden = true;
    command.run = []() -> Result<int> { return print(manual_of(all_commands())) ? 0 : 1; };
    return command;
}

}  // namespace hospes::cli
