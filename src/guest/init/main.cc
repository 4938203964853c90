// The first process of a process VM: makes the guest ready while the host still checks the image, runs the one command,
// and says how it ended (docs/decisions/0005-process-vms.md).
#include <sys/signalfd.h>

#include <csignal>

#include "guest/init/control.h"
#include "guest/init/modules.h"
#include "guest/init/ports.h"
#include "guest/init/root.h"
#include "guest/init/say.h"
#include "guest/init/session.h"
#include "guest/init/system.h"
#include "guest/init/uevents.h"

namespace {

using namespace hospes;
using namespace hospes::guest;

UniqueFd watch_children() {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    return UniqueFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
}

Result<void> make_ready(const Uevents& uevents) {
    HOSPES_TRY(enter_root(uevents));
    return bring_up_loopback();
}

// Only as far as the port to the host: before it there is nobody to tell of a failure.
Result<void> serve(UniqueFd children) {
    const Uevents uevents;
    HOSPES_TRY(load_modules());
    Control control(HOSPES_TRY(open_port(api::session::kControlPort, uevents)));
    StreamPorts streams = HOSPES_TRY(open_stream_ports(uevents));
    control.send(api::session::Hello{});
    auto ready = make_ready(uevents);
    if (!ready.ok()) say(ready.error().message());
    Session(control, std::move(streams), std::move(ready), std::move(children)).run();
    return {};
}

}  // namespace

int main() {
    const auto mounted = mount_for_init();
    open_console();
    if (!mounted.ok()) say(mounted.error().message());
    const auto served = serve(watch_children());
    if (!served.ok()) say(served.error().message());
    power_off();
}
