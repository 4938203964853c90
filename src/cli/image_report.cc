#include "cli/image_report.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace hospes::cli {

namespace {

nlohmann::json file_json(const image::File& file) {
    return {{"path", file.path}, {"sha256", file.digest}, {"bytes", file.bytes}};
}

}  // namespace

std::uint64_t total_bytes(const image::Image& image) {
    return image.kernel.bytes + image.boot_modules.bytes + image.modules.bytes + image.base.bytes;
}

std::string human_bytes(std::uint64_t bytes) {
    std::array<char, 32> text;
    if (bytes < 10u << 20) {
        std::snprintf(text.data(), text.size(), "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
    } else {
        std::snprintf(text.data(), text.size(), "%llu MiB", static_cast<unsigned long long>(bytes >> 20));
    }
    return text.data();
}

std::string human_time(std::int64_t seconds) {
    const time_t moment = seconds;
    tm parts{};
    std::array<char, 32> text{};
    if (::localtime_r(&moment, &parts) == nullptr) return "?";
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts);
    return text.data();
}

nlohmann::json image_json(const image::Image& image) {
    return {{"name", image.name},
            {"digest", image.digest},
            {"built", image.built},
            {"bytes", total_bytes(image)},
            {"kernel", {{"release", image.kernel_release}, {"package", image.kernel_package}}},
            {"files",
             {{"kernel", file_json(image.kernel)},
              {"boot_modules", file_json(image.boot_modules)},
              {"modules", file_json(image.modules)},
              {"base", file_json(image.base)}}}};
}

}  // namespace hospes::cli
