// Hostile manifests: whoever can write into the image store, or a damaged disk.
//
// Promises: a text is refused with a reason, or what was read of it has the bounds that its readers rely on; and what
// is accepted says the same when written and read again. Input: the text.
#include <string_view>

#include "fuzz_input.h"
#include "image/manifest.h"
#include "image/name.h"
#include "image/sha256.h"

namespace {

using namespace hospes;
using fuzz::require;

void check_part(const image::Manifest::Part& part) {
    require(image::is_digest(part.digest));
    require(part.bytes <= 1ull << 40);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = image::parse_manifest({reinterpret_cast<const char*>(data), size});
    if (!parsed.ok()) {
        require(!parsed.error().message().empty());
        return 0;
    }
    const image::Manifest& manifest = parsed.value();
    require(image::canonical_name(manifest.name).ok());
    for (const auto* part : {&manifest.kernel, &manifest.boot_modules, &manifest.modules, &manifest.base}) {
        check_part(*part);
    }
    const std::string text = image::print_manifest(manifest);
    if (text.size() > image::kMostManifestBytes) return 0;  // written with more space between its words
    const auto again = image::parse_manifest(text);
    require(again.ok());
    require(image::print_manifest(again.value()) == text);
    return 0;
}
