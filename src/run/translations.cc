#include "run/translations.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "image/lock.h"
#include "image/sha256.h"
#include "run/run.h"
#include "run/vmm_process.h"

namespace hospes::run {

namespace {

// What many commands begin with: the loader, the C library, a shell, its children; what an image lacks is left out.
constexpr const char* kCommands =
    "for command in 'ls -l /' 'cat /etc/os-release' 'id' 'uname -a' 'env' 'date' 'sleep 0' 'grep root /etc/passwd' "
    "'find /etc -maxdepth 1' 'sort /etc/passwd' 'sed s/a/b/ /etc/passwd' 'bash -c true' 'perl -e 1' 'python3 -c 0' "
    "'apt-get --version'; do $command; done >/dev/null 2>&1 </dev/null; true";
constexpr Nanoseconds kLimit = 60 * kSecond;

bool runs_on_kvm(const Plan& plan) {
    return plan.engine == "kvm" || (plan.engine != "translator" && ::access("/dev/kvm", R_OK | W_OK) == 0);
}

// What this host's CPU is and can.
std::string cpu_text() {
    std::ifstream file("/proc/cpuinfo");
    std::string text;
    for (std::string line; std::getline(file, line) && !line.empty();) {
        if (line.starts_with("model name") || line.starts_with("flags")) text += line + "\n";
    }
    return text;
}

// hospes-vmm looks for itself whether a file is its own; the name has them found.
std::optional<std::string> file_name(const Plan& plan) {
    auto program = VmmProcess::program();
    struct stat status {};
    if (!program.ok() || ::stat(program->c_str(), &status) != 0) return {};
    const std::string build = std::to_string(status.st_size) + " " + std::to_string(status.st_ino) + " " +
                              std::to_string(status.st_ctim.tv_sec) + " " + std::to_string(status.st_ctim.tv_nsec);
    return plan.image.digest + "-" + image::sha256_of(build + "\n" + plan.cpu_model + "\n" + cpu_text()).substr(0, 16);
}

// It holds code that runs here: nobody else may have written it. When it was used last is kept as its time.
UniqueFd open_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    if (status.st_size == 0 || status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return {};
    ::futimens(file.get(), nullptr);
    return file;
}

// Whether it is not there, or making it failed so long ago that it is worth another try.
bool is_wanted(const std::string& path) {
    constexpr std::time_t kPatience = 24 * 60 * 60;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno == ENOENT;
    if (status.st_size != 0 || ::time(nullptr) - status.st_mtime < kPatience) return false;
    return ::unlink(path.c_str()) == 0;
}

// The same VM for other commands, in a process of its own that has no other use for the plan. True: they ran.
bool run_commands(Plan& like, int file) {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(nothing, fd) < 0) return false;
    }
    Plan plan;
    plan.image = std::move(like.image);
    plan.start.words = {"/bin/sh", "-c", kCommands};
    plan.start.host_name = "hospes";
    plan.folder = like.folder;
    plan.memory_bytes = like.memory_bytes;
    plan.layer_bytes = like.layer_bytes;
    plan.engine = like.engine;
    plan.cpu_model = like.cpu_model;
    plan.limit = kLimit;
    plan.save_translations = file;
    auto outcome = run(std::move(plan));
    return outcome.ok() && outcome->status == 0;
}

enum class Made { Well, NotWell, Unknown };

Made run_commands_in_child(Plan& like, int file) {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::_exit(::getppid() == parent && run_commands(like, file) ? 0 : 1);
    }
    int status = 0;
    pid_t ended = -1;
    while (child > 0 && (ended = ::waitpid(child, &status, 0)) < 0 && errno == EINTR) continue;
    if (ended < 0 || !WIFEXITED(status)) return Made::Unknown;
    return WEXITSTATUS(status) == 0 ? Made::Well : Made::NotWell;
}

// Of an image's files, those that were used last stay.
void forget_old(const std::string& folder, const std::string& image) {
    constexpr std::size_t kKept = 4;
    std::error_code failure;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        if (!entry.path().filename().string().starts_with(image)) continue;
        files.emplace_back(entry.last_write_time(failure), entry.path());
    }
    std::sort(files.rbegin(), files.rend());
    for (std::size_t i = kKept; i < files.size(); ++i) std::filesystem::remove(files[i].second, failure);
}

// The file gets its name when it is whole. If its making failed it is left empty, so that not each run tries again.
void make_file(Plan& like, const UniqueFd& file, const std::string& path) {
    const Made made = run_commands_in_child(like, file.get());
    if (made == Made::Unknown || (made == Made::NotWell && ::ftruncate(file.get(), 0) != 0)) return;
    const std::string nameless = "/proc/self/fd/" + std::to_string(file.get());
    ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}

}  // namespace

UniqueFd obtain_translations(Plan& plan, const std::string& folder, const std::function<void()>& making) {
    const std::optional<std::string> name = file_name(plan);
    if (runs_on_kvm(plan) || !name) return {};
    const std::string path = folder + "/" + *name;
    if (!is_wanted(path)) return open_file(path);
    const UniqueFd turn(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!turn.valid() || !image::try_lock_open(turn.get(), image::LockKind::Exclusive)) return {};  // another makes one
    const UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file.valid() || !is_wanted(path)) return open_file(path);
    making();
    make_file(plan, file, path);
    forget_old(folder, plan.image.digest);
    return open_file(path);
}

}  // namespace hospes::run
