// What images are called.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hospes::image {

// The names that can be built, in canonical form.
std::span<const std::string_view> known_names();

// The canonical form of `name` ("debian" is "debian:12"), which is safe as a file name. Errors: not a name at all.
// A well-formed name that nobody can build is not an error here: an image of that name could be in the store.
Result<std::string> canonical_name(std::string_view name);

// Whether `name`, in canonical form, is one of known_names().
bool is_known(std::string_view name);

}  // namespace hospes::image
