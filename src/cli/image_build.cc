// `hospes image build`
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/image_report.h"
#include "cli/progress_lines.h"
#include "cli/say.h"
#include "image/obtain.h"

namespace hospes::cli {

namespace {

struct Arguments {
    std::string name, way = "any";
    bool force = false, json = false;
};

constexpr char kText[] =
    "The packages come from Debian's archive, verified by Debian's keys, whatever sources this host has; its proxy "
    "settings count. HOSPES_DEBIAN_MIRROR names another mirror: URL and, for security updates, URL-security. The image "
    "goes to $XDG_DATA_HOME/hospes, which is ~/.local/share/hospes by default.\n\n"
    "No rights are needed. debian is made as root or in a user namespace where that works, else inside a VM, which "
    "takes "
    "longer. An interrupted build leaves nothing behind; a second build of the same image waits for the first one and "
    "takes its result.";

Result<image::Way> way_of(const std::string& word) {
    if (word == "any") return image::Way::Any;
    if (word == "root") return image::Way::Root;
    if (word == "userns") return image::Way::UserNamespace;
    if (word == "vm") return image::Way::Vm;
    return Error("cannot build by way of \"" + word + "\"; give any, root, userns or vm");
}

Result<int> build(const Arguments& arguments) {
    const image::BuildOptions options{arguments.force, HOSPES_TRY(way_of(arguments.way))};
    image::Store store = HOSPES_TRY(image::Store::open());
    ProgressLines progress;
    const image::Image image = HOSPES_TRY(image::build(store, arguments.name, options, progress));
    if (arguments.json) return print(image_json(image).dump(2) + "\n") ? 0 : 1;
    return print(image.name + " " + human_bytes(total_bytes(image)) + ", kernel " + image.kernel_release + "\n") ? 0
                                                                                                                 : 1;
}

}  // namespace

Command image_build_command() {
    auto arguments = std::make_shared<Arguments>();
    Command command;
    command.name = "image build";
    command.summary = "Build an image from Debian's archive, if it is not there yet";
    command.text = kText;
    command.options = {{"--force", "", "build it anew, although it is there", &arguments->force},
                       {"--via",
                        "WAY",
                        "for tests: the way that a debian image is made",
                        &arguments->way,
                        Completion::Words,
                        {"any", "root", "userns", "vm"}},
                       {"--json", "", "print JSON", &arguments->json}};
    command.arguments = {
        {"NAME", "debian (which is debian:12), debian:13 or micro", &arguments->name, Completion::Image}};
    command.examples = {{"hospes image build micro", "busybox and a kernel, in seconds"},
                        {"hospes image build --force debian", "the same with today's packages"}};
    command.run = [arguments] { return build(*arguments); };
    return command;
}

}  // namespace hospes::cli
