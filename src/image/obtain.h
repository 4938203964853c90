// The two questions that a user of images asks: "give me this one" and "build this one".
//
// While they build, a process of their own does the work and another one watches over it; if the caller dies, even by
// SIGKILL, both end and take everything with them. Call them while the process has one thread and no child that it
// cares about. SIGINT, SIGTERM and SIGHUP during a build end it in order, and then act on the caller as ever.
#pragma once

#include <string_view>

#include "base/result.h"
#include "image/image.h"
#include "image/progress.h"
#include "image/store.h"

namespace hospes::image {

enum class PullPolicy {
    Missing,  // build it if it is not there
    Never,    // error if it is not there
};

// How the userland of a Debian image is made.
enum class Way {
    Any,   // the first of the following that works here
    Root,  // mmdebstrap as root
    UserNamespace,
    Vm,  // unpacked inside a micro VM
};

struct BuildOptions {
    bool force = false;  // build although it is there
    Way way = Way::Any;
};

// The image `name` from the store, built first if need be and allowed.
Result<Image> obtain(Store& store, std::string_view name, PullPolicy policy, Progress& progress);

// Builds `name` unless it is there and whole, waiting for another build of it that is under way and taking its result.
Result<Image> build(Store& store, std::string_view name, const BuildOptions& options, Progress& progress);

}  // namespace hospes::image
