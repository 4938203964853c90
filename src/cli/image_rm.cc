// `hospes image rm`
#include <memory>

#include "cli/commands.h"
#include "cli/say.h"
#include "image/store.h"

namespace hospes::cli {

namespace {

Result<int> remove_all(const std::vector<std::string>& names) {
    image::Store store = HOSPES_TRY(image::Store::open());
    int status = 0;
    for (const std::string& name : names) {
        if (auto removed = store.remove(name); !removed.ok()) {
            say(removed.error().message());
            status = 1;
        }
    }
    return status;
}

}  // namespace

Command image_rm_command() {
    auto names = std::make_shared<std::vector<std::string>>();
    Command command;
    command.name = "image rm";
    command.summary = "Remove images";
    command.text =
        "VMs that run one go on; its files are removed when the last of them has ended and something else is "
        "removed or built.";
    command.arguments = {{"NAME", "the images", names.get(), Completion::Image}};
    command.run = [names] { return remove_all(*names); };
    return command;
}

}  // namespace hospes::cli
