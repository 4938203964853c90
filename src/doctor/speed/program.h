// The workload that is part of this program: a static executable, for here and for a VM.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::doctor {

std::string_view speed_program();

// A file in memory with this content.
Result<UniqueFd> file_in_memory(const char* name, std::string_view content);

}  // namespace hospes::doctor
