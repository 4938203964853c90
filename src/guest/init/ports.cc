#include "guest/init/ports.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "api/session/messages.h"
#include "guest/init/files.h"

namespace hospes::guest {

namespace {

constexpr char kFolder[] = "/sys/class/virtio-ports";
constexpr int kPatience = 10'000;  // milliseconds
constexpr std::size_t kMaxName = 4096;

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

// /dev/… of the port with this name; "" while there is none.
std::string find(const std::string& name) {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(kFolder));
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const auto content = read_file(std::string(kFolder) + "/" + entry->d_name + "/name", kMaxName);
        if (content.ok() && content.value() == name + "\n") return std::string("/dev/") + entry->d_name;
    }
    return {};
}

}  // namespace

Result<UniqueFd> open_port(const std::string& name, const Uevents& uevents) {
    std::string path;
    if (!uevents.wait_for([&] { return !(path = find(name)).empty(); }, kPatience)) {
        return Error("the port " + name + " has not come up");
    }
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) return Error("cannot open the port " + name + ": " + errno_text(errno));
    return fd;
}

Result<StreamPorts> open_stream_ports(const Uevents& uevents) {
    StreamPorts ports;
    ports.input = HOSPES_TRY(open_port(api::session::kInputPort, uevents));
    ports.output = HOSPES_TRY(open_port(api::session::kOutputPort, uevents));
    ports.error = HOSPES_TRY(open_port(api::session::kErrorPort, uevents));
    return ports;
}

}  // namespace hospes::guest
