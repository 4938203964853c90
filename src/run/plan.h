// What a process VM is to be: one command over an image (docs/decisions/0005-process-vms.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/session/messages.h"
#include "base/time.h"
#include "image/image.h"

namespace hospes::run {

struct Plan {
    image::Image image;
    std::string folder;         // for the layer, while the VM lives: on a file system with room, private to the user
    api::session::Start start;  // the window's size is filled in by run()
    std::uint64_t memory_bytes = 0;
    std::uint64_t layer_bytes = 0;
    std::string cpus, engine, cpu_model;  // as hospes-vmm takes them; "" is its default
    std::optional<Nanoseconds> limit;     // the VM is killed after this time, counted from its start
    UniqueFd translations;                // obtain_translations()'; may be invalid
    int save_translations = -1;           // file for what this run translates; the VM is then ended in order
    bool verbose = false;                 // the guest's console and hospes-vmm's log go to standard error
};

}  // namespace hospes::run
