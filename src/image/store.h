// Where images live: a folder of files named by their SHA-256, and one small file per name.
//
//   blobs/sha256/HEX   contents, read-only; a manifest is one of them
//   refs/NAME          the digest of the manifest that NAME stands for
//   translations/      what VMs have translated of an image; gone with it
//   work/              what is being built; nothing in it outlives its builder for long
//   locks/             files that are only ever locked
//
// Any number of processes may use a store at once. A new content appears by rename, whole and on stable storage.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace hospes::image {

class Store {
  public:
    // The user's store, $XDG_DATA_HOME/hospes or ~/.local/share/hospes. Made if it is not there; what an interrupted
    // build of earlier left in it is removed.
    static Result<Store> open();
    // The same for a folder of one's own choice.
    static Result<Store> open(const std::string& folder);

    const std::string& folder() const { return folder_; }

    // The image of that name, its files leased, or nullopt if there is none. Sizes are checked, contents are not:
    // verify() does. Errors: a bad name; a ref, a manifest or a file that is damaged or gone.
    Result<std::optional<Image>> find(std::string_view name) const;

    // Reads the whole file and compares its digest: Error if one bit is not what was built.
    static Result<void> verify(const File& file);

    // What is in the store, by name. An entry that find() refuses has `damage` saying why, and only its name.
    struct Entry {
        Image image;
        std::string damage;
    };
    Result<std::vector<Entry>> list() const;

    // Forgets the name, whatever state its image is in, and removes the files that no one needs any more. Error: no
    // such name.
    Result<void> remove(std::string_view name);

  private:
    explicit Store(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
};

}  // namespace hospes::image
