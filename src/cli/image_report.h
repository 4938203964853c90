// What the `image` commands say of an image.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/store.h"

namespace hospes::cli {

// Bytes of all its files; other images may share some of them.
std::uint64_t total_bytes(const image::Image& image);

// "92 MiB"
std::string human_bytes(std::uint64_t bytes);

// Local time, "2026-11-25 07:17".
std::string human_time(std::int64_t seconds);

// Everything about it but its packages, which `inspect` adds.
nlohmann::json image_json(const image::Image& image);

}  // namespace hospes::cli
