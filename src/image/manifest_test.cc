#include "image/manifest.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace hospes::image {
namespace {

using Json = nlohmann::json;

Manifest example() {
    Manifest manifest;
    manifest.pack_recipe = 1;
    manifest.name = "debian:12";
    manifest.kernel_release = "6.1.0-1-cloud-amd64";
    manifest.kernel_package = "linux-image-6.1.0-1-cloud-amd64 6.1.1-1";
    manifest.kernel = {std::string(64, 'a'), 1};
    manifest.boot_modules = {std::string(64, 'b'), 2};
    manifest.modules = {std::string(64, 'c'), 3};
    manifest.base = {std::string(64, 'd'), 4};
    manifest.packages = {"apt 2.6.1", "bash 5.2"};
    return manifest;
}

// The example with `change` made to it.
std::string changed(const std::function<void(Json&)>& change) {
    Json json = Json::parse(print_manifest(example()));
    change(json);
    return json.dump();
}

TEST(Manifest, ReadsWhatItWrites) {
    auto parsed = parse_manifest(print_manifest(example()));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    EXPECT_EQ(parsed->name, "debian:12");
    EXPECT_EQ(parsed->base.digest, std::string(64, 'd'));
    EXPECT_EQ(parsed->base.bytes, 4u);
    EXPECT_EQ(parsed->packages.size(), 2u);
    EXPECT_EQ(print_manifest(*parsed), print_manifest(example()));
}

TEST(Manifest, RefusesWhatIsMissingOrOfTheWrongKind) {
    const std::function<void(Json&)> changes[] = {
        [](Json& json) { json.erase("name"); },
        [](Json& json) { json["name"] = "../x"; },
        [](Json& json) { json["name"] = 7; },
        [](Json& json) { json["format"] = "1"; },
        [](Json& json) { json["kernel"] = nullptr; },
        [](Json& json) { json["kernel"]["release"] = ""; },
        [](Json& json) { json["kernel"]["release"] = std::string(1000, 'x'); },
        [](Json& json) { json["kernel"]["package"] = "a\nb"; },
        [](Json& json) { json["files"] = Json::array(); },
        [](Json& json) { json["files"].erase("base"); },
        [](Json& json) { json["files"]["base"]["sha256"] = "../../../etc/passwd"; },
        [](Json& json) { json["files"]["base"]["sha256"] = std::string(64, 'A'); },
        [](Json& json) { json["files"]["base"]["bytes"] = -1; },
        [](Json& json) { json["files"]["base"]["bytes"] = 1e9; },
        [](Json& json) { json["files"]["base"]["bytes"] = 1ull << 50; },
        [](Json& json) {
            json["packages"] = {"ok", 1};
        },
        [](Json& json) { json["packages"] = "apt"; },
    };
    for (const auto& change : changes) EXPECT_FALSE(parse_manifest(changed(change)).ok()) << changed(change);
}

TEST(Manifest, SaysThatAnotherVersionWroteIt) {
    const auto parsed = parse_manifest(changed([](Json& json) { json["format"] = 2; }));
    ASSERT_FALSE(parsed.ok());
    EXPECT_NE(parsed.error().message().find("another version"), std::string::npos);
}

TEST(Manifest, RefusesWhatIsNoJson) {
    const std::string whole = print_manifest(example());
    EXPECT_FALSE(parse_manifest("").ok());
    EXPECT_FALSE(parse_manifest("[]").ok());
    EXPECT_FALSE(parse_manifest(whole.substr(0, whole.size() / 2)).ok());
    EXPECT_FALSE(parse_manifest(std::string(100000, '[')).ok());
    EXPECT_FALSE(parse_manifest(std::string(kMostManifestBytes + 1, ' ')).ok());
}

}  // namespace
}  // namespace hospes::image
