// What the VMs of an image translate before the command comes, made once for each build of hospes-vmm and each CPU:
// then they need not. For the translator; KVM has nothing to translate (docs/decisions/0012-translation-files.md).
#pragma once

#include <functional>
#include <string>

#include "base/unique_fd.h"
#include "run/plan.h"

namespace hospes::run {

// The file in `folder` for a run like `plan`; invalid where there is none, which is no error: all is translated then.
// If it is not there yet it is made, by a VM of the image that runs some commands of the image's own: no code but the
// image's may have a say in it. That takes a few seconds; `making` is called before. To be called while the process has
// one thread.
UniqueFd obtain_translations(Plan& plan, const std::string& folder, const std::function<void()>& making);

}  // namespace hospes::run
