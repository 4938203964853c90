#include "doctor/speed/guest.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <span>

#include "doctor/speed/program.h"
#include "image/build/cpio.h"
#include "image/store.h"
#include "run/console_log.h"
#include "run/vmm_log.h"
#include "run/vmm_process.h"

namespace hospes::doctor {

namespace {

constexpr Nanoseconds kPatience = 60 * kSecond;  // it takes two or three
constexpr std::size_t kMostText = 1 << 20;

Nanoseconds now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<Nanoseconds>(time.tv_sec) * kSecond + static_cast<Nanoseconds>(time.tv_nsec);
}

Result<run::VmmProcess> start_vm(const image::File& kernel) {
    HOSPES_TRY(image::Store::verify(kernel));
    image::Cpio archive;
    archive.add_program("init", speed_program());
    const UniqueFd initrd = HOSPES_TRY(file_in_memory("hospes-speed-initrd", archive.finish()));
    const auto path = [](int fd) { return "/proc/self/fd/" + std::to_string(fd); };
    return run::VmmProcess::start({"--kernel", path(kernel.lease.get()), "--initrd", path(initrd.get()), "--memory",
                                   "192", "--no-reboot", "--cmdline", "console=ttyS0 panic=-1 reboot=t quiet"},
                                  {kernel.lease.get(), initrd.get()});
}

// Listens to a VM until it has said all, or is gone.
class Listener {
  public:
    explicit Listener(const run::VmmProcess& vmm) : vmm_(vmm), begin_(now()) {}

    bool listen() {
        std::array<pollfd, 2> ready{pollfd{vmm_.console(), POLLIN, 0}, pollfd{vmm_.log(), POLLIN, 0}};
        while (text_.find(kEnd) == std::string::npos && text_.size() < kMostText) {
            const Nanoseconds passed = now() - begin_;
            if (passed >= kPatience) return false;
            const int left = static_cast<int>((kPatience - passed) / 1'000'000) + 1;  // ms
            const int polled = ::poll(ready.data(), ready.size(), left);
            if (polled < 0 && errno != EINTR) return false;
            if (polled <= 0) continue;
            if (ready[1].revents != 0 && !take(ready[1].fd, false)) ready[1].fd = -1;
            if (ready[0].revents != 0 && !take(ready[0].fd, true)) ready[0].fd = -1;
            if (ready[0].fd < 0 && ready[1].fd < 0) return false;
        }
        return boot_ != 0;
    }

    const std::string& text() const { return text_; }
    Nanoseconds boot() const { return boot_; }
    std::string last_words() const {
        if (!log_.last_line().empty()) return log_.last_line();
        run::ConsoleLog console;
        console.add(text_);
        const std::string line = console.last_lines(1);
        return line.empty() ? "it said nothing" : line.substr(0, line.find('\n'));
    }

  private:
    bool take(int fd, bool console) {
        std::array<char, 4096> piece{};
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got <= 0) return false;
        const std::span<const char> bytes(piece.data(), static_cast<std::size_t>(got));
        if (!console) {
            log_.add(bytes);
            return true;
        }
        text_.append(bytes.begin(), bytes.end());
        if (boot_ == 0 && text_.find(kBegin) != std::string::npos) boot_ = now() - begin_;
        return true;
    }

    const run::VmmProcess& vmm_;
    const Nanoseconds begin_;
    Nanoseconds boot_ = 0;
    std::string text_;
    run::VmmLog log_{[](const std::string&) {}};
};

}  // namespace

Result<GuestSpeed> measure_in_guest(const image::File& kernel) {
    const run::VmmProcess vmm = HOSPES_TRY(start_vm(kernel));
    Listener listener(vmm);
    if (!listener.listen()) return Error("a VM did not do its work: " + listener.last_words());
    auto report = parse_speed_report(listener.text());
    if (!report.ok()) return report.take_error().in("a VM did not do its work");
    return GuestSpeed{*report, listener.boot()};
}

}  // namespace hospes::doctor
