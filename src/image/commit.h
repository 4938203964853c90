// Putting a built image into the store.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/layout.h"
#include "image/manifest.h"

namespace hospes::image {

// A file in a work folder that is to become a blob.
struct NewBlob {
    std::string path;
    Manifest::Part part;
};

// Hashes the file `path` and brings it to stable storage.
Result<NewBlob> seal(const std::string& path);

// Gives the store the new blobs and the manifest, lets the manifest's name stand for it, and removes what nobody needs
// any more. All or nothing for those who look; `work` is a folder on the same file system for what must be written.
Result<void> commit(const Layout& layout, const Manifest& manifest, const std::vector<NewBlob>& blobs,
                    const std::string& work);

}  // namespace hospes::image
