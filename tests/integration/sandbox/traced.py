"""A program under ptrace, whose threads can be made to make any system call: what code could do that has taken one
over."""
import ctypes
import os
import select
import signal
import subprocess
import time

PTRACE_TRACEME, PTRACE_CONT, PTRACE_SINGLESTEP = 0, 7, 9
PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_SETOPTIONS = 12, 13, 0x4200
PTRACE_O_TRACECLONE, PTRACE_O_EXITKILL = 1 << 3, 1 << 20
WALL = 0x40000000
SYSCALL_LENGTH = 2
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base "
             "ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
LIMIT = 30  # seconds

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


class Registers(ctypes.Structure):
    """struct user_regs_struct"""

    _fields_ = [(name, ctypes.c_ulonglong) for name in REGISTERS]


def ptrace(request, tid, data=None):
    if libc.ptrace(request, tid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request} of {tid}")


class Ended(Exception):
    """The whole process is gone. status: as waitpid() gives it."""

    def __init__(self, status):
        super().__init__(f"wait status {status:#x}")
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


class Traced:
    """Threads run; signals reach them as ever."""

    def __init__(self, command, **keywords):
        self.process = subprocess.Popen(command, preexec_fn=lambda: ptrace(PTRACE_TRACEME, 0),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **keywords)
        self.pid = self.process.pid
        self.wait_for_stop(self.pid)
        ptrace(PTRACE_SETOPTIONS, self.pid, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
        ptrace(PTRACE_CONT, self.pid)

    def close(self):
        if self.process.returncode is None:
            os.kill(self.pid, signal.SIGKILL)
            try:
                while True:
                    self.wait()
            except Ended:
                pass
        self.process.stdout.close()

    def wait(self, flags=0):
        """A thread's stop, as (tid, signal); None if WNOHANG says that there is none. Ended if the process has. Other
        threads' ends are of no interest, but must be waited for: the process ends after them."""
        while True:
            tid, status = os.waitpid(-1, WALL | flags)
            if tid == 0:
                return None
            if os.WIFSTOPPED(status):
                return tid, os.WSTOPSIG(status)
            if tid == self.pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                raise Ended(status)

    def wait_for_stop(self, tid):
        """The signal that it stopped with. Others go on."""
        while True:
            stopped, number = self.wait()
            if stopped == tid:
                return number
            self.go_on(stopped, number)

    def go_on(self, tid, number):
        """From a stop. Events, and the stop that a new thread begins with, are for the tracer only."""
        ptrace(PTRACE_CONT, tid, None if number in (signal.SIGTRAP, signal.SIGSTOP) else number)

    def serve(self):
        """Lets all go on that have stopped."""
        while (found := self.wait(os.WNOHANG)) is not None:
            self.go_on(*found)

    def read_until(self, text):
        """The program's output up to `text`."""
        seen, until = b"", time.monotonic() + LIMIT
        while text not in seen:
            self.serve()
            if select.select([self.process.stdout], [], [], 0.005)[0]:
                seen += os.read(self.process.stdout.fileno(), 4096)
            assert time.monotonic() < until, seen
        return seen

    def thread(self, name):
        """The number of the thread of this name; waits for it."""
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            self.serve()
            for tid in os.listdir(f"/proc/{self.pid}/task"):
                with open(f"/proc/{self.pid}/task/{tid}/comm", encoding="ascii") as file:
                    if file.read().strip() == name:
                        return int(tid)
        raise AssertionError(f"there is no thread {name}")

    def stop(self, tid):
        libc.tgkill(self.pid, tid, signal.SIGSTOP)
        while (number := self.wait_for_stop(tid)) != signal.SIGSTOP:
            self.go_on(tid, number)

    def registers(self, tid):
        registers = Registers()
        ptrace(PTRACE_GETREGS, tid, ctypes.byref(registers))
        return registers

    def find_syscall(self, tid):
        """The address of a SYSCALL instruction: of the call that this thread, which is stopped, was waiting in."""
        registers = self.registers(tid)
        assert ctypes.c_longlong(registers.orig_rax).value >= 0, "it was in no system call"
        return registers.rip - SYSCALL_LENGTH

    def call(self, tid, address, number, *arguments):
        """Lets the stopped thread make a system call with the instruction at `address`: its result, negative for an
        error, or Ended."""
        before = self.registers(tid)
        after = Registers.from_buffer_copy(before)
        after.rip, after.rax, after.orig_rax = address, number, ctypes.c_ulonglong(-1).value
        for name, value in zip(ARGUMENTS, arguments):
            setattr(after, name, ctypes.c_ulonglong(value).value)
        ptrace(PTRACE_SETREGS, tid, ctypes.byref(after))
        ptrace(PTRACE_SINGLESTEP, tid)
        while (number := self.wait_for_stop(tid)) != signal.SIGTRAP:
            ptrace(PTRACE_SINGLESTEP, tid, number)
        return ctypes.c_longlong(self.registers(tid).rax).value
