#include "image/build/micro.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>
#include <utility>

#include "image/build/squashfs.h"
#include "image/files.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

struct Text {
    std::string_view path;
    std::string_view content;
};

constexpr std::array kTexts = {
    Text{"/etc/passwd",
         "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\n"
         "nobody:x:65534:65534:nobody:/:/bin/false\n"},
    Text{"/etc/group", "root:x:0:\ndaemon:x:1:\ntty:x:5:\ndisk:x:6:\nnogroup:x:65534:\n"},
    Text{"/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"},
    Text{"/etc/hostname", "micro\n"},
    Text{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    Text{"/etc/os-release", "ID=micro\nNAME=\"Hospes micro\"\nPRETTY_NAME=\"Hospes micro (busybox)\"\n"},
    Text{"/etc/profile", "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"},
};

constexpr std::array<std::string_view, 19> kFolders = {
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib/modules",
    "/mnt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr/bin",
    "/usr/sbin",
    "/var/lib",
    "/var/log",
    "/var/tmp",
    "/var/spool/cron",
};

Result<void> make_skeleton(const std::string& root) {
    for (const std::string_view folder : kFolders) HOSPES_TRY(make_folder(root + std::string(folder)));
    // Now that nothing is left to be made inside: what others may do in them, whatever the umask was.
    HOSPES_TRY(tool::run({{"chmod", "-R", "u=rwX,go=rX", root}}));
    for (const char* folder : {"/tmp", "/var/tmp"}) ::chmod((root + folder).c_str(), 01777);
    ::chmod((root + "/root").c_str(), 0700);
    for (const Text& text : kTexts) HOSPES_TRY(write_new(root + std::string(text.path), text.content));
    return {};
}

// One link for each applet: "bin/ash", "usr/bin/awk".
Result<void> link_applets(const std::string& root) {
    std::istringstream list(HOSPES_TRY(tool::capture({{root + "/bin/busybox", "--list-full"}})));
    for (std::string applet; list >> applet;) {
        if (::symlink("/bin/busybox", (root + "/" + applet).c_str()) != 0 && errno != EEXIST) {
            return file_error("make the link " + root + "/" + applet, errno);
        }
    }
    return {};
}

// Debian 12 has it in /bin, later ones in /usr/bin.
Result<void> take_busybox(const std::string& tree, const std::string& root) {
    const std::string old_place = tree + "/bin/busybox";
    const bool old = ::access(old_place.c_str(), X_OK) == 0;
    return rename_file(old ? old_place : tree + "/usr/bin/busybox", root + "/bin/busybox");
}

}  // namespace

Result<void> make_micro(const std::string& deb, const std::string& folder, const std::string& output) {
    const std::string tree = folder + "/tree";
    const std::string root = folder + "/root";
    HOSPES_TRY(make_folder(tree));
    HOSPES_TRY(tool::run({{"dpkg-deb", "-x", deb, tree}}));
    HOSPES_TRY(make_skeleton(root));
    HOSPES_TRY(take_busybox(tree, root));
    HOSPES_TRY(link_applets(root));
    return squash_folder(root, output);
}

}  // namespace hospes::image
