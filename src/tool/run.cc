#include "tool/run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>

#include "base/unique_fd.h"
#include "tool/child.h"
#include "tool/find.h"

namespace hospes::tool {

namespace {

// Program → Debian package.
const std::map<std::string_view, std::string_view>& packages() {
    static const std::map<std::string_view, std::string_view> kPackages = {
        {"apt-get", "apt"}, {"dpkg-deb", "dpkg"},         {"tar2sqfs", "squashfs-tools-ng"}, {"depmod", "kmod"},
        {"xz", "xz-utils"}, {"mmdebstrap", "mmdebstrap"}, {"newuidmap", "uidmap"},           {"unshare", "util-linux"},
        {"gpgv", "gpgv"},   {"mke2fs", "e2fsprogs"},
    };
    return kPackages;
}

}  // namespace

Result<void> run(const Tool& tool) {
    Child child = HOSPES_TRY(Child::start(tool));
    return child.finish();
}

Result<std::string> capture(Tool tool) {
    // Into memory rather than a pipe: nothing to drain while its errors are read.
    const UniqueFd output(::memfd_create("output", MFD_CLOEXEC));
    if (!output.valid()) return Error("cannot get memory for the output of " + tool.words[0]);
    tool.output = output.get();
    HOSPES_TRY(run(tool));
    struct stat status {};
    ::fstat(output.get(), &status);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    if (::pread(output.get(), text.data(), text.size(), 0) != status.st_size) {
        return Error("cannot read the output of " + tool.words[0] + ": " + errno_text(errno));
    }
    return text;
}

Result<void> run_piped(Tool from, Tool to) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Error("cannot make a pipe: " + errno_text(errno));
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    to.input = read_end.get();
    from.output = write_end.get();
    Child reader = HOSPES_TRY(Child::start(to));
    Child writer = HOSPES_TRY(Child::start(from));
    read_end = UniqueFd();
    write_end = UniqueFd();
    auto written = writer.finish();
    auto read = reader.finish();
    if (written.ok()) return read;
    // Either may be the cause: the writer that broke off, or the reader that left it without someone to write to.
    if (!read.ok()) return Error(written.error().message() + " | " + read.error().message());
    return written;
}

Result<void> require_tools(std::span<const std::string_view> names) {
    std::string missing;
    std::set<std::string_view> wanted;
    for (const std::string_view name : names) {
        if (!find(std::string(name)).empty()) continue;
        missing += (missing.empty() ? "" : ", ") + std::string(name);
        wanted.insert(packages().at(name));
    }
    if (missing.empty()) return {};
    std::string command = "apt-get install";
    for (const std::string_view package : wanted) command.append(" ").append(package);
    return Error("programs that it needs are missing: " + missing + "; install them with: " + command);
}

Result<void> prepare_for_tools(const std::string& work) {
    if (::chdir(work.c_str()) != 0) return Error("cannot work in " + work + ": " + errno_text(errno));
    const char* path = ::getenv("PATH");
    ::setenv("PATH", (std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin").c_str(), 1);
    ::setenv("TMPDIR", work.c_str(), 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::setenv("DEBIAN_FRONTEND", "noninteractive", 1);
    for (const char* name : {"APT_CONFIG", "MODPROBE_OPTIONS", "TAR_OPTIONS", "XZ_OPT", "XZ_DEFAULTS", "LANGUAGE"}) {
        ::unsetenv(name);
    }
    ::umask(022);
    return {};
}

}  // namespace hospes::tool
