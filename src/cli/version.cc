// `hospes version`
#include <memory>
#include <nlohmann/json.hpp>

#include "build_id.h"
#include "cli/commands.h"
#include "cli/say.h"

namespace hospes::cli {

namespace {

std::string as_json() {
    const nlohmann::json value = {{"version", HOSPES_VERSION},
                                  {"engine", {{"name", "translator"}, {"build", kEngineBuild}}},
                                  {"engines", {"kvm", "translator"}},
                                  {"compiler", kCompiler}};
    return value.dump(2) + "\n";
}

std::string as_text() {
    return std::string("hospes " HOSPES_VERSION
                       "\nengine: kvm, where it works (hospes doctor)\nengine: translator, build ") +
           kEngineBuild + "\nbuilt with: " + kCompiler + "\n";
}

}  // namespace

Command version_command() {
    auto json = std::make_shared<bool>(false);
    Command command;
    command.name = "version";
    command.summary = "Show the version, the CPU engines, and which build of the translator this is";
    command.text =
        "The translator's build is a digest of its sources, the compiler and its flags: two programs with the same "
        "one run guests alike on it. On KVM it is the host's kernel and processor that do.";
    command.options = {{"--json", "", "print JSON", json.get()}};
    command.run = [json]() -> Result<int> { return print(*json ? as_json() : as_text()) ? 0 : 1; };
    return command;
}

}  // namespace hospes::cli
