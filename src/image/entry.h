// From a name to an image: what a ref, its manifest and its files say. For the files of this folder only; the caller
// holds the store lock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image.h"
#include "image/layout.h"
#include "image/manifest.h"

namespace hospes::image {

// The digest that the ref `name` (canonical) holds, or nullopt if there is no such ref.
Result<std::optional<std::string>> read_ref(const Layout& layout, const std::string& name);

// The manifest of that digest, its own bytes verified.
Result<Manifest> read_manifest(const Layout& layout, const std::string& digest);

// The image that `name` stands for, its files leased, their sizes checked.
Result<std::optional<Image>> load_image(const Layout& layout, const std::string& name);

// The names of all refs, sorted.
Result<std::vector<std::string>> ref_names(const Layout& layout);

// Names of the files in `folder` but "." and "..", sorted.
Result<std::vector<std::string>> names_in(const std::string& folder);

}  // namespace hospes::image
