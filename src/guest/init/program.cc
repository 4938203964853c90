#include "guest/init/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::guest {

namespace {

using api::session::Failed;
using api::session::FailureKind;

constexpr char kShell[] = "/bin/sh";

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

std::string search_path(const std::vector<std::string>& environment) {
    constexpr char kName[] = "PATH=";
    for (const std::string& one : environment) {
        if (one.starts_with(kName)) return one.substr(sizeof kName - 1);
    }
    return {};
}

bool is_folder(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

// Whether a file that the kernel does not know how to run is text: no NUL in its first line.
bool is_script(const std::string& path) {
    char head[256];
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t count = ::read(fd.get(), head, sizeof head);
    if (count < 0) return false;
    const auto size = static_cast<std::size_t>(count);
    const void* line_end = std::memchr(head, '\n', size);
    const std::size_t length = line_end ? static_cast<std::size_t>(static_cast<const char*>(line_end) - head) : size;
    return std::memchr(head, 0, length) == nullptr;
}

class Attempt {
  public:
    Attempt(const std::vector<std::string>& words, const std::vector<std::string>& environment)
        : words_(words), environment_(environment) {}

    // Comes back with why it could not be run; 0 for: there is no such file.
    int run(const std::string& path) {
        ::execve(path.c_str(), pointers_to(words_).data(), pointers_to(environment_).data());
        if (errno == ENOEXEC && is_script(path)) return run_script(path);
        if (errno == EACCES && is_folder(path)) return EISDIR;
        return errno == ENOTDIR || (errno == ENOENT && !exists(path)) ? 0 : errno;
    }

  private:
    static bool exists(const std::string& path) {
        const int before = errno;
        const bool there = ::access(path.c_str(), F_OK) == 0;
        errno = before;
        return there;
    }
    int run_script(const std::string& path) {
        std::vector<std::string> words = words_;
        words[0] = path;
        words.insert(words.begin(), kShell);
        ::execve(kShell, pointers_to(words).data(), pointers_to(environment_).data());
        return ENOEXEC;
    }

    const std::vector<std::string>& words_;
    const std::vector<std::string>& environment_;
};

// The file is there, so that ENOENT is about what it needs.
Failed not_executable(int number) {
    const std::string why = number == ENOENT ? "the interpreter that it names is not there" : errno_text(number);
    return {FailureKind::NotExecutable, why};
}

}  // namespace

Failed become(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
    Attempt attempt(words, environment);
    const std::string& name = words[0];
    if (name.find('/') != std::string::npos) {
        const int why = attempt.run(name);
        return why == 0 ? Failed{FailureKind::NotFound, errno_text(ENOENT)} : not_executable(why);
    }
    const std::string path = search_path(environment);
    int found = 0;  // why the first file of that name could not be run
    for (std::size_t start = 0; !name.empty() && start <= path.size();) {
        const std::size_t end = std::min(path.find(':', start), path.size());
        const std::string folder = end > start ? path.substr(start, end - start) : ".";
        const int why = attempt.run(folder + "/" + name);
        if (found == 0 && why != EISDIR) found = why;
        start = end + 1;
    }
    if (found != 0) return not_executable(found);
    return {FailureKind::NotFound, "not found in PATH"};
}

}  // namespace hospes::guest
