#include "guest/init/streams.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace hospes::guest {

namespace {

constexpr int kPipeSize = 256 << 10;  // fewer switches between the command and the init
constexpr gid_t kTerminals = 5;       // group tty

Error no_streams() { return Error("cannot make the command's standard streams: " + errno_text(errno)); }

// The end that the command does not get must not block.
bool make_pipe(UniqueFd& read_end, UniqueFd& write_end, const UniqueFd& ours, const Account& account) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
    ::fcntl(ends[0], F_SETPIPE_SZ, kPipeSize);
    return ::fchown(ends[0], account.user, account.group) == 0 && ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

UniqueFd copy_of(const UniqueFd& fd) { return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)); }

}  // namespace

Result<Streams> make_pipes(const Account& account) {
    Streams streams;
    if (!make_pipe(streams.input, streams.to_input, streams.to_input, account) ||
        !make_pipe(streams.from_output, streams.output, streams.from_output, account) ||
        !make_pipe(streams.from_error, streams.error, streams.from_error, account)) {
        return no_streams();
    }
    return streams;
}

Result<Streams> make_terminal(const Account& account, Size size) {
    Streams streams;
    streams.from_output = UniqueFd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    const int master = streams.from_output.get();
    int unlock = 0, number = 0;
    if (::ioctl(master, TIOCSPTLCK, &unlock) != 0 || ::ioctl(master, TIOCGPTN, &number) != 0) return no_streams();
    const std::string path = "/dev/pts/" + std::to_string(number);
    streams.input = UniqueFd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!streams.input.valid() || ::fchown(streams.input.get(), account.user, kTerminals) != 0) return no_streams();
    resize(master, size);
    streams.output = copy_of(streams.input);
    streams.error = copy_of(streams.input);
    streams.to_input = copy_of(streams.from_output);
    if (!streams.output.valid() || !streams.error.valid() || !streams.to_input.valid()) return no_streams();
    return streams;
}

void resize(int terminal, Size size) {
    winsize wanted{};
    wanted.ws_row = size.rows;
    wanted.ws_col = size.columns;
    ::ioctl(terminal, TIOCSWINSZ, &wanted);
}

}  // namespace hospes::guest
