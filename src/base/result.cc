#include "base/result.h"

#include <cstring>

namespace hospes {

std::string errno_text(int number) {
    char buffer[128];
    return strerror_r(number, buffer, sizeof buffer);
}

}  // namespace hospes
