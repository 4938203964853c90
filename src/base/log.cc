#include "base/log.h"

#include <unistd.h>

#include <cstdio>

namespace hospes {

void log_line(const char* format, ...) {
    static constexpr char kPrefix[] = "hospes-vmm: ";
    char line[1024];
    int length = std::snprintf(line, sizeof line, "%s", kPrefix);
    va_list arguments;
    va_start(arguments, format);
    const int added = std::vsnprintf(line + length, sizeof line - static_cast<size_t>(length) - 1, format, arguments);
    va_end(arguments);
    length += added;
    if (length > static_cast<int>(sizeof line) - 2) length = sizeof line - 2;
    line[length++] = '\n';
    if (::write(STDERR_FILENO, line, static_cast<size_t>(length)) < 0) return;  // nowhere left to say it
}

}  // namespace hospes
