#include "guest/init/say.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

namespace hospes::guest {

void open_console() {
    const auto put = [](const char* path, int flags, int place) {
        const int fd = ::open(path, flags | O_NOCTTY);
        if (fd < 0 || fd == place) return;
        ::dup2(fd, place);
        ::close(fd);
    };
    put("/dev/null", O_RDONLY, STDIN_FILENO);
    put("/dev/null", O_WRONLY, STDOUT_FILENO);
    put("/dev/console", O_WRONLY, STDERR_FILENO);
}

void say(const std::string& text) {
    const std::string line = "hospes-init: " + text + "\n";
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nobody else to tell
}

// Nothing is synchronised: all that was written goes away with the VM.
void power_off() {
    ::reboot(RB_POWER_OFF);
    for (;;) ::pause();
}

}  // namespace hospes::guest
