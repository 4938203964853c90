// An image as one looks at it from outside: four read-only files that no one changes any more
// (docs/decisions/0005-process-vms.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace hospes::image {

// A file of the store, named by its content.
struct File {
    std::string path;
    std::string digest;  // SHA-256 as 64 lower-case hexadecimal digits
    std::uint64_t bytes = 0;
    std::string image;  // whose it is, for messages
    // The file, open for reading and locked (shared): while this lives, garbage collection leaves the file alone, and
    // `path` stays valid.
    UniqueFd lease;
};

struct Image {
    std::string name;            // canonical: "debian:12", "micro"
    std::string digest;          // of the manifest
    std::string kernel_release;  // what uname -r says
    std::string kernel_package;  // "linux-image-6.1.0-49-cloud-amd64 6.1.174-1"
    File kernel;                 // a bzImage
    File boot_modules;           // newc cpio, not compressed: lib/modules/NAME.ko and lib/modules/order, in load order
    File modules;                // squashfs of /lib/modules: RELEASE/...
    File base;                   // squashfs of the userland
    std::vector<std::string> packages;  // "NAME VERSION" of each package in the userland, sorted
    std::int64_t built = 0;             // when it got its name here, in seconds since 1970
};

}  // namespace hospes::image
