// The three files of an image that come from the kernel package: kernel, boot modules, modules.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/build/archive.h"
#include "image/commit.h"
#include "image/image.h"
#include "image/layout.h"

namespace hospes::image {

// What identifies a pack: images with the same kernel share it.
struct KernelPackage {
    std::string name;     // "linux-image-6.1.0-56-cloud-amd64"
    std::string version;  // "6.1.192-2"
    std::string text() const { return name + " " + version; }
};

// What linux-image-cloud-amd64 stands for in `archive` today.
Result<KernelPackage> current_kernel(const Archive& archive);

// A pack and the files that are new in it. Those that are not are leased, so that they stay until it is committed.
struct KernelPack {
    Manifest manifest;  // what it says of the kernel; the rest is empty
    std::vector<NewBlob> blobs;
    std::vector<Image> shared;
};

// The pack of `package` from an image that is in the store, if one has it and it is undamaged; else an empty one.
KernelPack find_pack(const Layout& layout, const KernelPackage& package);

// Makes the pack of the kernel package `deb` in `folder`, which must not exist.
Result<KernelPack> make_pack(const KernelPackage& package, const std::string& deb, const std::string& folder);

}  // namespace hospes::image
