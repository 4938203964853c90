// The process that cleans up after a build, however it ends.
#pragma once

#include <functional>

#include "image/work_folder.h"

namespace hospes::image {

// Turns this process, a fresh child of the caller, into the janitor, and starts `builder` in a child of its own. Ends
// once that one has ended or the lifeline's other end is closed, nothing is left of either, and `clean_up` was called.
[[noreturn]] void serve_as_janitor(int lifeline, const WorkFolder& folder, const std::function<void()>& builder,
                                   const std::function<void()>& clean_up);

}  // namespace hospes::image
