#include "image/build/boot_modules.h"

#include <vector>

#include "image/build/cpio.h"
#include "image/build/module_order.h"
#include "image/files.h"

namespace hospes::image {

namespace {

constexpr std::size_t kMostBytes = 64 << 20;

// crc32c_generic: ext4 asks the kernel's crypto layer for it by name, which no index of dependencies shows.
const std::vector<std::string>& wanted() {
    static const std::vector<std::string> kNames = {"virtio_pci",     "virtio_console", "virtio_blk", "virtio_rng",
                                                    "crc32c_generic", "squashfs",       "ext4",       "overlay"};
    return kNames;
}

Result<std::string> content_of(const std::string& path) {
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    return read_small(fd.get(), kMostBytes, path);
}

}  // namespace

Result<std::string> boot_modules_archive(const std::string& modules) {
    const std::string dep = HOSPES_TRY(content_of(modules + "/modules.dep"));
    const std::string builtin = HOSPES_TRY(content_of(modules + "/modules.builtin"));
    Cpio archive;
    archive.add_folder("lib");
    archive.add_folder("lib/modules");
    std::string order;
    for (const std::string& path : HOSPES_TRY(module_order(dep, builtin, wanted()))) {
        const std::string name = path.substr(path.rfind('/') + 1);
        const std::string content = HOSPES_TRY(content_of(modules + "/" + path));
        archive.add_file("lib/modules/" + name, content);
        order += name + "\n";
    }
    archive.add_file("lib/modules/order", order);
    return archive.finish();
}

}  // namespace hospes::image
