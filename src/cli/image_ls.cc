// `hospes image ls`
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/image_report.h"
#include "cli/say.h"
#include "image/store.h"

namespace hospes::cli {

namespace {

using Entry = image::Store::Entry;

std::string as_json(const std::vector<Entry>& entries) {
    nlohmann::json list = nlohmann::json::array();
    for (const Entry& entry : entries) {
        if (entry.damage.empty()) {
            list.push_back(image_json(entry.image));
        } else {
            list.push_back({{"name", entry.image.name}, {"damage", entry.damage}});
        }
    }
    return list.dump(2) + "\n";
}

std::string as_names(const std::vector<Entry>& entries) {
    std::string text;
    for (const Entry& entry : entries) text += entry.image.name + "\n";
    return text;
}

std::string as_table(const std::vector<Entry>& entries) {
    static constexpr const char* kRow = "%-*s  %9s  %-16s  %s\n";
    std::size_t width = sizeof "NAME";
    for (const Entry& entry : entries) width = std::max(width, entry.image.name.size());
    std::array<char, 512> row;
    std::string text;
    const auto add = [&](const std::string& name, const std::string& size, const std::string& built,
                         const std::string& kernel) {
        std::snprintf(row.data(), row.size(), kRow, static_cast<int>(width), name.c_str(), size.c_str(), built.c_str(),
                      kernel.c_str());
        text += row.data();
    };
    add("NAME", "SIZE", "BUILT", "KERNEL");
    for (const Entry& entry : entries) {
        const image::Image& image = entry.image;
        if (entry.damage.empty()) {
            add(image.name, human_bytes(total_bytes(image)), human_time(image.built), image.kernel_release);
        } else {
            add(image.name, "-", "-", "damaged");
        }
    }
    return text;
}

Result<int> list(bool json, bool quiet) {
    const image::Store store = HOSPES_TRY(image::Store::open());
    const std::vector<Entry> entries = HOSPES_TRY(store.list());
    const bool printed = print(json ? as_json(entries) : quiet ? as_names(entries) : as_table(entries));
    for (const Entry& entry : entries) {
        if (!entry.damage.empty() && !json) say(entry.damage);
    }
    return printed ? 0 : 1;
}

}  // namespace

Command image_ls_command() {
    auto json = std::make_shared<bool>(false);
    auto quiet = std::make_shared<bool>(false);
    Command command;
    command.name = "image ls";
    command.summary = "List the images that are here";
    command.options = {{"-q,--quiet", "", "print names only", quiet.get()}, {"--json", "", "print JSON", json.get()}};
    command.run = [json, quiet] { return list(*json, *quiet); };
    return command;
}

}  // namespace hospes::cli
