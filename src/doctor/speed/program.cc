#include "doctor/speed/program.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

// From embedded_speed.S.
extern "C" const char hospes_embedded_speed[], hospes_embedded_speed_end[];

namespace hospes::doctor {

std::string_view speed_program() { return {hospes_embedded_speed, hospes_embedded_speed_end}; }

Result<UniqueFd> file_in_memory(const char* name, std::string_view content) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd.valid()) return Error("cannot make a file in memory: " + errno_text(errno));
    while (!content.empty()) {
        const ssize_t done = ::write(fd.get(), content.data(), content.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return Error("cannot write a file in memory: " + errno_text(errno));
        content.remove_prefix(static_cast<std::size_t>(done));
    }
    return fd;
}

}  // namespace hospes::doctor
