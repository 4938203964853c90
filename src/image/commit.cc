#include "image/commit.h"

#include <sys/stat.h>

#include "image/collect.h"
#include "image/files.h"
#include "image/lock.h"
#include "image/sha256.h"

namespace hospes::image {

namespace {

// An older blob of that digest is replaced: it may be the damaged one that led to this build.
Result<void> place(const Layout& layout, const NewBlob& blob) {
    ::chmod(blob.path.c_str(), 0444);
    return rename_file(blob.path, layout.blob(blob.part.digest));
}

}  // namespace

Result<NewBlob> seal(const std::string& path) {
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    FileDigest found = HOSPES_TRY(sha256_of_file(fd.get(), path));
    HOSPES_TRY(sync(path));
    return NewBlob{path, {std::move(found.digest), found.bytes}};
}

Result<void> commit(const Layout& layout, const Manifest& manifest, const std::vector<NewBlob>& blobs,
                    const std::string& work) {
    const std::string text = print_manifest(manifest);
    if (auto readable = parse_manifest(text); !readable.ok()) {
        return readable.take_error().in("cannot keep image " + manifest.name);
    }
    const NewBlob manifest_blob{work + "/manifest", {sha256_of(text), text.size()}};
    HOSPES_TRY(write_new(manifest_blob.path, text));
    HOSPES_TRY(write_new(work + "/ref", manifest_blob.part.digest + "\n"));

    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Exclusive));
    for (const NewBlob& blob : blobs) HOSPES_TRY(place(layout, blob));
    HOSPES_TRY(place(layout, manifest_blob));
    HOSPES_TRY(sync(layout.blobs()));
    HOSPES_TRY(rename_file(work + "/ref", layout.ref(manifest.name)));
    HOSPES_TRY(sync(layout.refs()));
    return collect_garbage(layout);
}

}  // namespace hospes::image
