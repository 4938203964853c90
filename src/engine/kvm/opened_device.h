// Opening /dev/kvm, and what can be wrong with it. System calls and no memory allocation, but for explain(): also used
// in a child between fork and exit.
#pragma once

#include <cstdint>
#include <string>

namespace hospes::kvm {

enum class Fault : std::uint8_t { None, Absent, NoPermission, NotKvm, OldApi };

struct OpenedDevice {
    int fd = -1;  // the caller's; only without a fault
    Fault fault = Fault::None;
    int error = 0;                  // errno, where it is one that tells more
    int version = 0;                // for OldApi: of the API
    const char* lacking = nullptr;  // for OldApi: the version is right, but this is missing
};

// Opens the device; its API must be version 12 and have all that the engine uses.
OpenedDevice open_device(const char* path);

// "WHY; WHAT TO DO"
std::string explain(const OpenedDevice& opened, const std::string& path);

}  // namespace hospes::kvm
