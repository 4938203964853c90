#include "doctor/commands.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace hospes::doctor {

std::string as_root(const std::string& command) {
    if (::geteuid() == 0) return command;
    return find_program("sudo").empty() ? "su -c '" + command + "'" : "sudo " + command;
}

std::string write_as_root(const std::string& text, const std::string& path) {
    if (::geteuid() == 0) return "echo " + text + " > " + path;
    return "echo " + text + " | " + as_root("tee " + path);
}

std::string install(const std::string& packages) { return as_root("apt-get install " + packages); }

std::string user_name() {
    const passwd* user = ::getpwuid(::geteuid());
    return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

std::string find_program(const std::string& name) {
    const char* path = ::getenv("PATH");
    const std::string folders = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:";
    for (std::size_t at = 0; at < folders.size();) {
        const std::size_t end = folders.find(':', at);
        std::string candidate = folders.substr(at, end - at) + "/" + name;
        if (candidate[0] == '/' && candidate[1] != '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        at = end + 1;
    }
    return "";
}

}  // namespace hospes::doctor
