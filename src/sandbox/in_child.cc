#include "sandbox/in_child.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace hospes::sandbox {

int in_child(const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) ::syscall(SYS_exit_group, act());
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

bool killed(int wait_status) { return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS; }
bool fine(int wait_status) { return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0; }

}  // namespace hospes::sandbox
