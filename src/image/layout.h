// Which path of a store holds what. For the files of this folder only.
#pragma once

#include <string>
#include <string_view>

namespace hospes::image {

struct Layout {
    std::string folder;

    std::string blobs() const { return folder + "/blobs/sha256"; }
    std::string blob(std::string_view digest) const { return blobs() + "/" + std::string(digest); }
    std::string refs() const { return folder + "/refs"; }
    std::string ref(std::string_view name) const { return refs() + "/" + std::string(name); }
    std::string work() const { return folder + "/work"; }
    // What the VMs of images have translated: DIGEST-HOST, by the manifest's digest (run/translations.h).
    std::string translations() const { return folder + "/translations"; }
    std::string locks() const { return folder + "/locks"; }
    // Held shared while looking at refs and blobs, exclusively while changing which there are: for milliseconds.
    std::string store_lock() const { return locks() + "/store"; }
    // Held while `name` is being built.
    std::string build_lock(std::string_view name) const { return locks() + "/build-" + std::string(name); }
};

}  // namespace hospes::image
