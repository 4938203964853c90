// `hospes image inspect`
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/image_report.h"
#include "cli/say.h"
#include "image/store.h"

namespace hospes::cli {

namespace {

std::string as_json(const image::Image& image) {
    nlohmann::json json = image_json(image);
    json["packages"] = image.packages;
    return json.dump(2) + "\n";
}

std::string line_of(const char* what, const image::File& file) {
    return std::string(what) + file.path + " (" + human_bytes(file.bytes) + ")\n";
}

std::string as_text(const image::Image& image) {
    std::string text = "name:          " + image.name + "\ndigest:        " + image.digest +
                       "\nbuilt:         " + human_time(image.built) + "\nrelease:       " + image.kernel_release +
                       "\nkernel is of:  " + image.kernel_package + "\n";
    text += line_of("kernel:        ", image.kernel) + line_of("boot modules:  ", image.boot_modules) +
            line_of("modules:       ", image.modules) + line_of("base:          ", image.base) + "packages:\n";
    for (const std::string& package : image.packages) text += "  " + package + "\n";
    return text;
}

Result<int> inspect(const std::string& name, bool json) {
    const image::Store store = HOSPES_TRY(image::Store::open());
    const auto image = HOSPES_TRY(store.find(name));
    if (!image) return Error("there is no image " + name + " here; hospes image ls lists those that are");
    for (const image::File* file : {&image->kernel, &image->boot_modules, &image->modules, &image->base}) {
        HOSPES_TRY(image::Store::verify(*file));
    }
    return print(json ? as_json(*image) : as_text(*image)) ? 0 : 1;
}

}  // namespace

Command image_inspect_command() {
    auto name = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    Command command;
    command.name = "image inspect";
    command.summary = "Show what an image consists of, after verifying all of it";
    command.options = {{"--json", "", "print JSON", json.get()}};
    command.arguments = {{"NAME", "the image", name.get(), Completion::Image}};
    command.run = [name, json] { return inspect(*name, *json); };
    return command;
}

}  // namespace hospes::cli
