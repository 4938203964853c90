#include "image/build/module_order.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace hospes::image {

namespace {

// "kernel/drivers/block/virtio-blk.ko" → "virtio_blk"
std::string name_of(std::string_view path) {
    path.remove_prefix(std::min(path.size(), path.rfind('/') + 1));
    std::string name(path.substr(0, path.find('.')));
    std::ranges::replace(name, '-', '_');
    return name;
}

struct Dependencies {
    std::map<std::string, std::vector<std::string>> of;  // path → paths
    std::map<std::string, std::string> path;             // name → path
};

Dependencies read_dependencies(std::string_view text) {
    Dependencies found;
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        const std::string path = line.substr(0, colon);
        found.path.emplace(name_of(path), path);
        std::istringstream rest(line.substr(colon + 1));
        std::vector<std::string>& list = found.of[path];
        for (std::string word; rest >> word;) list.push_back(word);
    }
    return found;
}

std::set<std::string> read_names(std::string_view text) {
    std::set<std::string> names;
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) names.insert(name_of(line));
    return names;
}

// Depth first: what a module depends on comes before it.
void append(const Dependencies& dependencies, const std::string& path, std::set<std::string>& seen,
            std::vector<std::string>& order) {
    if (!seen.insert(path).second) return;
    const auto found = dependencies.of.find(path);
    if (found != dependencies.of.end()) {
        for (const std::string& needed : found->second) append(dependencies, needed, seen, order);
    }
    order.push_back(path);
}

}  // namespace

Result<std::vector<std::string>> module_order(std::string_view dep, std::string_view builtin,
                                              const std::vector<std::string>& names) {
    const Dependencies dependencies = read_dependencies(dep);
    const std::set<std::string> built_in = read_names(builtin);
    std::set<std::string> seen;
    std::vector<std::string> order;
    for (const std::string& name : names) {
        if (built_in.contains(name)) continue;
        const auto path = dependencies.path.find(name);
        if (path == dependencies.path.end()) return Error("the kernel package has no module " + name);
        append(dependencies, path->second, seen, order);
    }
    return order;
}

}  // namespace hospes::image
