#!/usr/bin/env python3
"""A thread of the real hospes-vmm, taken over while its guest runs: what it can still do.

usage: taken_over_test.py build/release/bin/hospes-vmm [unittest options]
"""
import errno
import mmap
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import traced  # noqa: E402
import vmm  # noqa: E402

RWX = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
ANONYMOUS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
CLONE_THREAD, CLONE_VM, CLONE_NEWUSER = 0x10000, 0x100, 0x10000000
PR_SET_DUMPABLE, PR_SET_SECCOMP, TIOCSTI, KVM_CREATE_VM, AT_FDCWD = 4, 22, 0x5412, 0xAE01, -100

# Name -> number and arguments. Pointers are null: the filter is asked before the kernel looks at one.
FORBIDDEN = {
    "open": (2, 0, 0), "openat": (257, AT_FDCWD, 0, 0), "openat2": (437, AT_FDCWD, 0, 0, 0), "creat": (85, 0, 0),
    "open_by_handle_at": (304, AT_FDCWD, 0, 0), "stat": (4, 0, 0), "newfstatat": (262, AT_FDCWD, 0, 0, 0),
    "readlink": (89, 0, 0, 0), "unlink": (87, 0), "rename": (82, 0, 0), "chdir": (80, 0), "mount": (165, 0, 0, 0, 0, 0),
    "memfd_create": (319, 0, 0),
    "execve": (59, 0, 0, 0), "execveat": (322, AT_FDCWD, 0, 0, 0, 0),
    "fork": (57,), "vfork": (58,), "clone: a process": (56, signal.SIGCHLD, 0, 0, 0, 0),
    "clone: a process with our memory": (56, CLONE_VM | signal.SIGCHLD, 0, 0, 0, 0),
    "clone: a thread, and namespaces": (56, 0x3D0F00 | CLONE_NEWUSER, 0, 0, 0, 0), "unshare": (272, CLONE_NEWUSER),
    "socket": (41, socket.AF_INET, socket.SOCK_STREAM, 0), "socketpair": (53, socket.AF_UNIX, socket.SOCK_STREAM, 0, 0),
    "connect": (42, 0, 0, 0), "bind": (49, 0, 0, 0), "listen": (50, 0, 1), "accept": (43, 0, 0, 0),
    "ptrace": (101, 16, 1, 0, 0), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
    "kill": (62, 1, 0), "tgkill: another process": (234, 1, 1, 0), "pidfd_open": (434, 1, 0), "pidfd_getfd": (438, 0, 0, 0),
    "bpf": (321, 0, 0, 0), "io_uring_setup": (425, 1, 0), "io_uring_enter": (426, 0, 0, 0, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0), "userfaultfd": (323, 0), "keyctl": (250, 0, 0, 0, 0, 0),
    "mmap: executable": (9, 0, 4096, RWX, ANONYMOUS, -1, 0),
    "mmap: of a file, executable": (9, 0, 4096, mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE, 0, 0),
    "mprotect: executable": (10, 0, 4096, mmap.PROT_READ | mmap.PROT_EXEC),
    "pkey_mprotect: executable": (329, 0, 4096, mmap.PROT_READ | mmap.PROT_EXEC, -1), "shmat": (30, 0, 0, 0x8000),
    "personality: what is readable is executable": (135, 0x400000),
    "prctl: dumpable": (157, PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl: a filter": (157, PR_SET_SECCOMP, 2, 0, 0, 0),
    "seccomp": (317, 1, 0, 0), "prlimit64": (302, 0, 7, 0, 0), "capset": (126, 0, 0), "setuid": (105, 0),
    "ioctl: typing for the user": (16, 0, TIOCSTI, 0), "ioctl: KVM, without that engine": (16, 0, KVM_CREATE_VM, 0),
    "fcntl": (72, 0, 3, 0), "dup2": (33, 0, 1), "getdents64": (217, 0, 0, 0),
    "of x32": (0x40000000 | 39,), "of no kernel": (4000,),
}


class TakenOver(unittest.TestCase):
    program = None

    def setUp(self):
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-taken-over-"))
        self.addCleanup(shutil.rmtree, self.where)
        self.kernel = self.where / "kernel"
        self.kernel.write_bytes(tiny_kernel.print_and_wait("ready"))

    def start(self, *options):
        """A VM whose guest runs, its two threads stopped: by name, and where they can make system calls."""
        guest = vmm.Guest(kernel=self.kernel, memory=16, options=("--code-cache", 2, *options))
        process = traced.Traced(vmm.Vmm(self.program).command(guest), stderr=subprocess.DEVNULL)
        self.addCleanup(process.close)
        process.read_until(b"ready")
        threads = {"vcpu": process.pid, "io": process.thread("io")}
        for tid in threads.values():
            process.stop(tid)
        return process, threads, process.find_syscall(threads["io"])

    def end_of(self, thread, call, *options):
        """The signal that ended the process when one of its threads made the call; None if it came back."""
        process, threads, address = self.start(*options)
        try:
            result = process.call(threads[thread], address, *call)
        except traced.Ended as ended:
            return ended.signal
        finally:
            process.close()
        self.result = result
        return None

    def test_forbidden_calls_end_the_process(self):
        for number, (name, call) in enumerate(FORBIDDEN.items()):
            thread = ("vcpu", "io")[number % 2]
            with self.subTest(call=name, thread=thread):
                self.assertEqual(self.end_of(thread, call), signal.SIGSYS)

    def test_the_same_of_both_threads(self):
        for name in ("openat", "execve", "socket", "ptrace", "mmap: executable", "mprotect: executable"):
            for thread in ("vcpu", "io"):
                with self.subTest(call=name, thread=thread):
                    self.assertEqual(self.end_of(thread, FORBIDDEN[name]), signal.SIGSYS)

    def test_without_the_sandbox_they_come_back(self):
        """So it is the sandbox that ends the process, and not this test."""
        for name in ("openat", "socket", "mmap: executable", "prctl: dumpable"):
            with self.subTest(call=name):
                self.assertEqual(self.end_of("vcpu", FORBIDDEN[name], "--sandbox", "off"), None)

    def test_allowed_calls_come_back(self):
        process, threads, address = self.start()
        memory = process.call(threads["vcpu"], address, 9, 0, 4096, mmap.PROT_READ | mmap.PROT_WRITE, ANONYMOUS, -1, 0)
        self.assertGreater(memory, 0)
        self.assertEqual(process.call(threads["vcpu"], address, 10, memory, 4096, mmap.PROT_READ), 0)
        self.assertEqual(process.call(threads["io"], address, 39), process.pid)

    def test_a_new_kind_of_clone_is_not_there(self):
        process, threads, address = self.start()
        self.assertEqual(process.call(threads["vcpu"], address, 435, 0, 0), -errno.ENOSYS)

    def test_few_more_descriptors(self):
        process, threads, address = self.start()
        for _ in range(32):
            result = process.call(threads["vcpu"], address, 290, 0, 0)  # eventfd2
            if result < 0:
                break
        self.assertEqual(result, -errno.EMFILE)


if __name__ == "__main__":
    TakenOver.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
