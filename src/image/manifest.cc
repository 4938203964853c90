#include "image/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "image/name.h"
#include "image/sha256.h"

namespace hospes::image {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kMostText = 200;
constexpr std::size_t kMostPackages = 5000;
constexpr std::uint64_t kMostBytes = 1ull << 40;

Json part_to_json(const Manifest::Part& part) { return {{"bytes", part.bytes}, {"sha256", part.digest}}; }

bool is_printable(std::string_view text) {
    return !text.empty() && text.size() <= kMostText &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// Member `key` of `object`, or null: never an exception, since the build has none.
const Json* member(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

Error missing(const char* key) { return Error(std::string("no valid \"") + key + "\" in it"); }

Result<std::string> text_of(const Json& object, const char* key) {
    const Json* value = member(object, key);
    const auto* text = value ? value->get_ptr<const std::string*>() : nullptr;
    if (!text || !is_printable(*text)) return missing(key);
    return *text;
}

Result<std::uint64_t> number_of(const Json& object, const char* key) {
    const Json* value = member(object, key);
    const auto* number = value ? value->get_ptr<const Json::number_unsigned_t*>() : nullptr;
    if (!number || *number > kMostBytes) return missing(key);
    return *number;
}

Result<Manifest::Part> part_of(const Json& object, const char* key) {
    const Json* value = member(object, key);
    if (!value) return missing(key);
    Manifest::Part part;
    part.digest = HOSPES_TRY(text_of(*value, "sha256"));
    part.bytes = HOSPES_TRY(number_of(*value, "bytes"));
    if (!is_digest(part.digest)) return missing("sha256");
    return part;
}

Result<std::vector<std::string>> packages_of(const Json& object) {
    const Json* value = member(object, "packages");
    if (!value || !value->is_array() || value->size() > kMostPackages) return missing("packages");
    std::vector<std::string> packages;
    for (const Json& item : *value) {
        const auto* text = item.get_ptr<const std::string*>();
        if (!text || !is_printable(*text)) return missing("packages");
        packages.push_back(*text);
    }
    return packages;
}

}  // namespace

std::string print_manifest(const Manifest& manifest) {
    const Json json = {
        {"format", kFormat},
        {"name", manifest.name},
        {"kernel",
         {{"release", manifest.kernel_release},
          {"package", manifest.kernel_package},
          {"recipe", manifest.pack_recipe}}},
        {"files",
         {{"kernel", part_to_json(manifest.kernel)},
          {"boot_modules", part_to_json(manifest.boot_modules)},
          {"modules", part_to_json(manifest.modules)},
          {"base", part_to_json(manifest.base)}}},
        {"packages", manifest.packages},
    };
    return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
    if (text.size() > kMostManifestBytes) return Error("it is too long");
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return Error("it is not JSON");
    if (HOSPES_TRY(number_of(json, "format")) != kFormat) return Error("it is of another version of Hospes");
    const Json* kernel = member(json, "kernel");
    const Json* files = member(json, "files");
    if (!kernel || !files) return missing(kernel ? "files" : "kernel");
    Manifest manifest;
    manifest.name = HOSPES_TRY(text_of(json, "name"));
    if (!canonical_name(manifest.name).ok()) return missing("name");
    manifest.kernel_release = HOSPES_TRY(text_of(*kernel, "release"));
    manifest.kernel_package = HOSPES_TRY(text_of(*kernel, "package"));
    manifest.pack_recipe = HOSPES_TRY(number_of(*kernel, "recipe"));
    manifest.kernel = HOSPES_TRY(part_of(*files, "kernel"));
    manifest.boot_modules = HOSPES_TRY(part_of(*files, "boot_modules"));
    manifest.modules = HOSPES_TRY(part_of(*files, "modules"));
    manifest.base = HOSPES_TRY(part_of(*files, "base"));
    manifest.packages = HOSPES_TRY(packages_of(json));
    return manifest;
}

}  // namespace hospes::image
