#include "tool/find.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace hospes::tool {

std::string find(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const char* path = ::getenv("PATH");
    std::istringstream folders(std::string(path ? path : "") + ":/usr/bin:/bin:/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string candidate = folder + "/" + program;
        if (folder.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return "";
}

}  // namespace hospes::tool
