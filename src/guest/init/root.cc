#include "guest/init/root.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "guest/init/files.h"

namespace hospes::guest {

namespace {

constexpr char kImage[] = "/dev/vda", kModules[] = "/dev/vdb", kLayer[] = "/dev/vdc";
constexpr int kPatience = 10'000;  // milliseconds for a disk to come up
constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

struct Mount {
    const char* source;
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
};

constexpr Mount kForInit[] = {
    {"proc", "/proc", "proc", kPlain, ""},
    {"sysfs", "/sys", "sysfs", kPlain, ""},
    {"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
};

// The layer lives no longer than the VM: nothing in it must survive a crash, so nothing waits for the disk to be safe.
constexpr Mount kRoot[] = {
    {kImage, "/image", "squashfs", MS_RDONLY, ""},
    {kLayer, "/layer", "ext4", MS_NOATIME, "nobarrier,noinit_itable"},
};
constexpr Mount kOverlay = {"overlay", "/root", "overlay", 0,
                            "lowerdir=/image,upperdir=/layer/upper,workdir=/layer/work,volatile"};

constexpr Mount kInRoot[] = {
    {"proc", "/proc", "proc", kPlain, ""},
    {"sysfs", "/sys", "sysfs", kPlain, ""},
    {"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
    {"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,gid=5,ptmxmode=666"},
    {"tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
    {"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"},
    {"cgroup2", "/sys/fs/cgroup", "cgroup2", kPlain, ""},
    {kModules, "/lib/modules", "squashfs", MS_RDONLY, ""},
};

Result<void> mount_one(const Mount& what) {
    HOSPES_TRY(make_folder(what.target));
    if (::mount(what.source, what.target, what.type, what.flags, what.options) == 0) return {};
    return Error(std::string("cannot mount ") + what.source + " on " + what.target + ": " + errno_text(errno));
}

Result<void> wait_for_disk(const char* path, const Uevents& uevents) {
    struct stat facts {};
    if (uevents.wait_for([&] { return ::stat(path, &facts) == 0; }, kPatience)) return {};
    return Error(std::string("the disk ") + path + " has not come up");
}

// The initrd lies in memory: its files go before they are out of sight.
void empty_initrd() {
    ::unlink("/init");
    DIR* folder = ::opendir("/lib/modules");
    if (folder == nullptr) return;
    while (const dirent* entry = ::readdir(folder)) ::unlinkat(::dirfd(folder), entry->d_name, 0);
    ::closedir(folder);
}

Result<void> move_root(const char* root) {
    if (::chdir(root) == 0 && ::mount(".", "/", nullptr, MS_MOVE, nullptr) == 0 && ::chroot(".") == 0 &&
        ::chdir("/") == 0) {
        return {};
    }
    return Error("cannot make the image the root: " + errno_text(errno));
}

// Names that udev would make.
void link_standard_streams() {
    constexpr const char* kLinks[][2] = {{"/proc/self/fd", "/dev/fd"},
                                         {"/proc/self/fd/0", "/dev/stdin"},
                                         {"/proc/self/fd/1", "/dev/stdout"},
                                         {"/proc/self/fd/2", "/dev/stderr"}};
    for (const auto& [target, link] : kLinks) {
        if (::symlink(target, link) != 0) continue;  // there already
    }
}

}  // namespace

Result<void> mount_for_init() {
    for (const Mount& one : kForInit) HOSPES_TRY(mount_one(one));
    return {};
}

Result<void> enter_root(const Uevents& uevents) {
    for (const char* disk : {kImage, kModules, kLayer}) HOSPES_TRY(wait_for_disk(disk, uevents));
    for (const Mount& one : kRoot) HOSPES_TRY(mount_one(one));
    for (const char* folder : {"/layer/upper", "/layer/work"}) HOSPES_TRY(make_folder(folder));
    HOSPES_TRY(mount_one(kOverlay));
    empty_initrd();
    HOSPES_TRY(move_root(kOverlay.target));
    for (const Mount& one : kInRoot) HOSPES_TRY(mount_one(one));
    link_standard_streams();
    HOSPES_TRY(make_folder("/tmp", 01777));
    return {};
}

}  // namespace hospes::guest
