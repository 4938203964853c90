// Runs a command for which one ioctl request has another answer: answer_ioctl REQUEST[+N] ANSWER COMMAND [ARGUMENT]...
//
// ANSWER is a number for the value, -NUMBER for that errno, or `never`. The kernel asks this process instead
// (seccomp, SECCOMP_RET_USER_NOTIF), but for the first N times; the command's other system calls are its own. Ends with
// the command's status.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kFailed = 126;

// The listener on which the kernel asks about each such ioctl of this process's children; -1 on failure.
int install(unsigned request) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{sizeof program / sizeof *program, program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

// `skip`: how many more are for the kernel.
void answer_one(int listener, const char* answer, unsigned long& skip) {
    seccomp_notif asked{};
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) return;
    seccomp_notif_resp reply{};
    reply.id = asked.id;
    const int value = std::atoi(answer);
    if (skip > 0) {
        --skip;
        reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else if (std::strcmp(answer, "never") == 0) {
        return;
    } else if (value < 0) {
        reply.error = value;
    } else {
        reply.val = value;
    }
    ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int supervise(pid_t child, int listener, const char* answer, unsigned long skip) {
    for (;;) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
        pollfd asked{listener, POLLIN, 0};
        if (::poll(&asked, 1, 20) > 0 && (asked.revents & POLLIN) != 0) answer_one(listener, answer, skip);
    }
}

}  // namespace

int main(int count, char** words) {
    if (count < 4) {
        std::fprintf(stderr, "usage: answer_ioctl REQUEST[+N] ANSWER COMMAND [ARGUMENT]...\n");
        return kFailed;
    }
    char* end = nullptr;
    const int listener = install(static_cast<unsigned>(std::strtoul(words[1], &end, 0)));
    const unsigned long skip = std::strtoul(end, nullptr, 10);  // takes the plus for a sign
    if (listener < 0) {
        std::perror("answer_ioctl: seccomp");
        return kFailed;
    }
    ::fcntl(listener, F_SETFD, FD_CLOEXEC);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execvp(words[3], words + 3);
        std::perror(words[3]);
        ::_exit(kFailed);
    }
    return child < 0 ? kFailed : supervise(child, listener, words[2], skip);
}
