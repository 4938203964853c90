// Where a build happens: in a process below a janitor, so that whatever becomes of any of them, nothing is left behind.
//
//   caller ──lifeline──► janitor (own session, adopts orphans) ──► builder ──► tools
//        ◄──────────────── progress, result ─────────────────────────┘
//
// The janitor sees the caller's end as the end of the lifeline. Then, and when the builder has ended, it kills all that
// descends from it, removes the work folder, and calls the `clean_up` that it was given.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "image/progress.h"
#include "image/work_folder.h"

namespace hospes::image {

// Runs `build` in a builder process, and hands its progress to `progress` here. Returns once the janitor has finished.
// SIGINT, SIGTERM and SIGHUP end the build first, and then do to the caller what they always do; if that lets it live,
// the result is an error.
Result<void> run_in_worker(WorkFolder folder, Progress& progress,
                           const std::function<Result<void>(Progress& progress)>& build,
                           const std::function<void()>& clean_up);

}  // namespace hospes::image
