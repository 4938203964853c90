// What an image is made of, as the store keeps it: JSON, canonical, so that the same image has the same digest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hospes::image {

struct Manifest {
    struct Part {
        std::string digest;
        std::uint64_t bytes = 0;
    };

    // How the first three files are made of the kernel package. Grows when that changes, so that a pack made in an
    // older way is not taken for one of today.
    std::uint64_t pack_recipe = 0;
    std::string name;
    std::string kernel_release;
    std::string kernel_package;
    Part kernel;
    Part boot_modules;
    Part modules;
    Part base;
    std::vector<std::string> packages;
};

inline constexpr std::size_t kMostManifestBytes = 256 * 1024;

std::string print_manifest(const Manifest& manifest);

// Reads what print_manifest() wrote, or refuses; anyone could have written `text`. The error says what is wrong with
// it, in a few words.
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace hospes::image
