#include "cli/commands.h"

namespace hospes::cli {

std::vector<Group> command_groups() { return {{"image", "Build, list and remove images"}}; }

std::vector<Command> all_commands() {
    return {run_command(),    image_build_command(), image_ls_command(), image_inspect_command(), image_rm_command(),
            doctor_command(), completion_command(),  version_command(),  complete_command(),      manual_command()};
}

}  // namespace hospes::cli
