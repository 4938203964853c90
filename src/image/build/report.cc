#include "image/build/report.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hospes::image {

namespace {

enum Kind : char { kStep = 'S', kPercent = 'P', kNote = 'N', kFailed = 'F', kDone = 'D' };

constexpr std::size_t kMostText = 8000;

}  // namespace

void ReportingProgress::send(char kind, std::string_view text) {
    std::string packet(1, kind);
    packet += text.substr(0, kMostText);
    // If nobody listens any more, the janitor is about to end this process.
    ::send(socket_, packet.data(), packet.size(), MSG_NOSIGNAL);
}

void ReportingProgress::step(unsigned number, unsigned count, std::string_view what) {
    last_percent_ = 101;
    const std::array<char, 2> numbers = {static_cast<char>(number), static_cast<char>(count)};
    send(kStep, std::string(numbers.data(), numbers.size()) + std::string(what));
}

void ReportingProgress::percent(unsigned done) {
    done = std::min(done, 100u);
    if (done == last_percent_) return;
    last_percent_ = done;
    send(kPercent, std::string(1, static_cast<char>(done)));
}

void ReportingProgress::note(std::string_view line) { send(kNote, line); }

void ReportingProgress::end(const Result<void>& result) {
    if (result.ok()) {
        send(kDone, "");
    } else {
        send(kFailed, result.error().message());
    }
}

std::optional<Result<void>> take_report(int socket, Progress& progress) {
    std::array<char, kMostText + 1> packet;
    ssize_t size = 0;
    while ((size = ::recv(socket, packet.data(), packet.size(), 0)) < 0 && errno == EINTR) {
    }
    if (size <= 0)
        return Error("the building process was killed; the kernel's log says whether memory ran out (dmesg)");
    const std::string_view text(packet.data() + 1, static_cast<std::size_t>(size) - 1);
    switch (packet[0]) {
        case kStep:
            progress.step(static_cast<unsigned>(text[0]), static_cast<unsigned>(text[1]), text.substr(2));
            break;
        case kPercent: progress.percent(static_cast<unsigned>(text[0])); break;
        case kNote: progress.note(text); break;
        case kFailed: return Error(std::string(text));
        default: return Result<void>();
    }
    return std::nullopt;
}

}  // namespace hospes::image
