// What `hospes` and the init of a process VM say to each other on the port "hospes.control". Both ends are always of
// one build, yet neither trusts the other's bytes (docs/decisions/0005-process-vms.md).
//
// A frame is: u32 length of what follows the length, u16 type (its place in `Message`, from 0 on), then the type's
// fields in the order in which they are declared here. Integers are little-endian; a string is u32 length and bytes, of
// which only `local_time` may hold NULs; a list is u32 count and strings.
//
//   init → host   Hello, then (after Start) Started or Failed, then Ended
//   host → init   Start, then any number of Signal and WindowSize
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hospes::api::session {

inline constexpr std::uint32_t kVersion = 1;

// Names of the ports, /dev/virtio-ports/NAME in the guest.
inline constexpr const char* kControlPort = "hospes.control";
inline constexpr const char* kInputPort = "hospes.stdin";
inline constexpr const char* kOutputPort = "hospes.stdout";
inline constexpr const char* kErrorPort = "hospes.stderr";

// The init is there; first message of a session.
struct Hello {
    std::uint32_t version = kVersion;
};

struct Start {
    std::vector<std::string> words;        // the command and its arguments, at least one
    std::vector<std::string> environment;  // "NAME=value"; nothing is added but HOME, PATH, USER, LOGNAME where absent
    std::string directory;                 // working directory; "" is the user's home
    std::string user;                      // NAME, UID, NAME:GROUP or UID:GID; "" is root
    std::string host_name;
    std::string local_time;     // content for /etc/localtime (TZif); "" leaves it alone
    std::uint8_t terminal = 0;  // 1: standard input, output and error are one terminal, on the ports stdin and stdout
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
};

// The command runs.
struct Started {};

enum class FailureKind : std::uint8_t {
    Setup = 0,          // the guest could not be made ready: exit status 125
    NotFound = 1,       // 127
    NotExecutable = 2,  // 126
    BadUser = 3,        // 125
    BadDirectory = 4,   // 125
};

// The command does not run. `reason` says why, without the command's name.
struct Failed {
    FailureKind kind = FailureKind::Setup;
    std::string reason;
};

// The command ended and its output has been written: by exit (`signal` 0) or by a signal.
struct Ended {
    std::uint8_t status = 0;
    std::uint8_t signal = 0;
};

// Deliver `number` (Linux x86-64 numbering). SIGINT, SIGQUIT and SIGHUP go to the command's process group, as from a
// terminal; others to the command.
struct Signal {
    std::uint8_t number = 0;
};

struct WindowSize {
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
};

using Message = std::variant<Hello, Start, Started, Failed, Ended, Signal, WindowSize>;

}  // namespace hospes::api::session
