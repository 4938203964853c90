#!/usr/bin/env python3
"""Every mistake of the operator ends in status 125 and one line on stderr that says what, why and what to do.

usage: bad_input_test.py build/release/bin/hospes-vmm [unittest options]
"""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import vmm  # noqa: E402

NOBODY = 65534
# WHAT: WHY; WHAT TO DO (see CONTRIBUTING.md)
FORM = re.compile(r"hospes-vmm: \S.*; \w.*\n")


class BadInput(unittest.TestCase):
    program = None

    def setUp(self):
        # Not below /root: some cases run as another user.
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-cli-"))
        self.addCleanup(shutil.rmtree, self.where)
        self.where.chmod(0o755)
        self.kernel = self.file("kernel", tiny_kernel.debug_exit(0))

    def file(self, name, content=b""):
        path = self.where / name
        path.write_bytes(content)
        return path

    def command(self, *words, kernel=None, memory=64):
        return [str(word) for word in (self.program, "--engine", "translator", "--kernel", kernel or self.kernel,
                                       "--memory", memory, "--debug-exit", *words)]

    def refused(self, command, *said, user=None, pass_fds=()):
        """Runs; the one line must hold every word of `said` (case does not matter)."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, user=user,
                              cwd=self.where, check=False, pass_fds=pass_fds)
        shown = f"{' '.join(command)}\nstatus {done.returncode}\nstdout {done.stdout!r}\nstderr {done.stderr!r}"
        self.assertEqual(done.returncode, vmm.ERROR, shown)
        self.assertEqual(done.stdout, "", shown)
        stderr = vmm.without_lacks(done.stderr)
        self.assertEqual(len(stderr.splitlines()), 1, shown)
        self.assertRegex(stderr, FORM, shown)
        for words in said:
            self.assertIn(str(words).lower(), stderr.lower(), shown)

    def as_other_user(self):
        """Where permissions count: for root, another user and a copy of the program that it can reach."""
        if os.geteuid() != 0:
            return None
        copy = self.where / "hospes-vmm"
        shutil.copy(self.program, copy)
        self.program = copy
        return NOBODY


class Kernel(BadInput):
    def test_missing(self):
        path = self.where / "no-such-kernel"
        self.refused(self.command(kernel=path), path, "no such file")

    def test_empty(self):
        self.refused(self.command(kernel=self.file("empty")), "empty")

    def test_not_a_kernel(self):
        path = self.file("letter", b"Dear kernel,\n" * 1000)
        self.refused(self.command(kernel=path), path, "kernel")

    def test_other_machine(self):
        path = self.file("arm", tiny_kernel.pvh_kernel(tiny_kernel.HALT, tiny_kernel.EM_AARCH64))
        self.refused(self.command(kernel=path), path, "x86")

    def test_truncated_bzimage(self):
        path = self.file("cut", tiny_kernel.truncated_bzimage())
        self.refused(self.command(kernel=path), path, "truncated")

    def test_truncated_elf(self):
        whole = tiny_kernel.debug_exit(0)
        for size in (40, 100, len(whole) - 1):
            with self.subTest(size=size):
                path = self.file(f"cut-{size}", whole[:size])
                self.refused(self.command(kernel=path), path, "truncated")

    def test_elf_without_entry(self):
        whole = tiny_kernel.debug_exit(0)
        path = self.file("no-note", whole.replace(b"Xen\0", b"Foo\0"))
        self.refused(self.command(kernel=path), path, "PVH")

    def test_directory(self):
        self.refused(self.command(kernel=self.where), self.where, "directory")

    def test_no_permission(self):
        user = self.as_other_user()
        self.kernel.chmod(0o000)
        self.refused(self.command(), self.kernel, "permission denied", user=user)

    def test_larger_than_memory(self):
        path = self.file("large", tiny_kernel.pvh_kernel(tiny_kernel.HALT + bytes(80 << 20)))
        self.refused(self.command(kernel=path), path, "memory")

    def test_initrd_missing(self):
        path = self.where / "no-such-initrd"
        self.refused(self.command("--initrd", path), path, "no such file")

    def test_initrd_larger_than_memory(self):
        path = self.file("initrd", bytes(80 << 20))
        self.refused(self.command("--initrd", path), path, "memory")


class Disk(BadInput):
    def disk(self):
        return self.file("disk", bytes(1 << 20))

    def test_missing(self):
        path = self.where / "no-such-disk"
        self.refused(self.command("--disk", path), path, "no such file")

    def test_directory(self):
        self.refused(self.command("--disk", self.where), self.where, "directory")

    def test_character_device(self):
        self.refused(self.command("--disk", "/dev/null"), "/dev/null", "device")

    def test_empty(self):
        path = self.file("empty")
        self.refused(self.command("--disk", path), path, "empty")

    def test_ragged_size(self):
        path = self.file("ragged", bytes(1000))
        self.refused(self.command("--disk", path), path, "512")

    def test_unknown_word(self):
        self.refused(self.command("--disk", f"{self.disk()},readonly=maybe"), "readonly=maybe")
        self.refused(self.command("--disk", f"{self.disk()},colour=red"), "colour")

    def test_no_permission(self):
        user = self.as_other_user()
        path = self.disk()
        path.chmod(0o000)
        self.refused(self.command("--disk", path), path, "permission denied", user=user)

    def test_may_only_be_read(self):
        user = self.as_other_user()
        path = self.disk()
        path.chmod(0o444)
        self.refused(self.command("--disk", path), path, "readonly=on", user=user)

    def test_locked(self):
        path = self.disk()
        with open(path, "r+b") as file:
            lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
            self.refused(self.command("--disk", path), path, "another")
            self.refused(self.command("--disk", f"{path},readonly=on"), path, "another")

    @contextlib.contextmanager
    def running(self, disk):
        """A VM that holds the disk until the end of the block."""
        kernel = self.file("waiting", tiny_kernel.print_and_wait("ready\n"))
        with subprocess.Popen(self.command("--disk", disk, kernel=kernel), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
            self.assertEqual(holder.stdout.readline(), b"ready\n")
            try:
                yield
            finally:
                holder.kill()

    def test_used_by_another_vm(self):
        path = self.disk()
        with self.running(path):
            self.refused(self.command("--disk", path), path, "another")
            self.refused(self.command("--disk", f"{path},readonly=on"), path, "another")

    def test_read_by_another_vm(self):
        path = self.disk()
        with self.running(f"{path},readonly=on"):
            self.refused(self.command("--disk", path), path, "another")
            reader = subprocess.run(self.command("--disk", f"{path},readonly=on"), capture_output=True, timeout=30,
                                    check=False)
            self.assertEqual(reader.returncode, 1, reader.stderr)

    def test_named_twice(self):
        path = self.disk()
        self.refused(self.command("--disk", path, "--disk", path), path)


class Port(BadInput):
    def refused_with(self, file, *said, name="agent"):
        """--port on the descriptor of an open file or socket, which the VM inherits."""
        command = self.command("--port", f"{name}={file.fileno()}")
        self.refused(command, "--port", *said, pass_fds=(file.fileno(),))

    def test_nonsense(self):
        for text in ("", "agent", "=3", "agent=", "agent=x", "agent=-1", "agent=3x", "agent=99999999999"):
            with self.subTest(text=text):
                self.refused(self.command("--port", text), "--port", "NAME=FD")

    def test_name(self):
        for name in ("a/b", "..", "a b", "\N{LATIN SMALL LETTER E WITH ACUTE}", "x" * 65):
            with self.subTest(name=name):
                self.refused(self.command("--port", f"{name}=3"), "--port", "name")

    def test_standard_descriptor(self):
        self.refused(self.command("--port", "agent=1"), "--port", "serial port")

    def test_not_open(self):
        self.refused(self.command("--port", "agent=77"), "--port", "not open")

    def test_not_a_stream_socket(self):
        with open(self.kernel, "rb") as file, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            self.refused_with(file, "no socket")
            self.refused_with(datagrams, "stream")

    def test_not_connected(self):
        with socket.socket(socket.AF_UNIX) as loose:
            self.refused_with(loose, "connected")

    def test_used_twice(self):
        one, other = socket.socketpair()
        with one, other:
            both = (one.fileno(), other.fileno())
            for again in (f"a={both[1]}", f"b={both[0]}"):
                command = self.command("--port", f"a={both[0]}", "--port", again)
                self.refused(command, "--port", "twice", pass_fds=both)

    def test_too_many(self):
        pairs = [socket.socketpair() for _ in range(16)]
        words = [word for i, (one, _) in enumerate(pairs) for word in ("--port", f"p{i}={one.fileno()}")]
        self.refused(self.command(*words), "--port", "15", pass_fds=[one.fileno() for one, _ in pairs])
        for end in (end for pair in pairs for end in pair):
            end.close()


class Options(BadInput):
    def test_unknown(self):
        self.refused(self.command("--turbo"), "--turbo", "--help")

    def test_no_kernel(self):
        self.refused([str(self.program), "--engine", "translator", "--memory", "64"], "--kernel")

    def test_engine_unknown(self):
        command = self.command()
        command[command.index("translator")] = "magic"
        self.refused(command, "magic", "translator")

    def test_cpu_model_unknown(self):
        self.refused(self.command("--cpu-model", "z80"), "z80", "x86-64-v2")

    def test_cpus_nonsense(self):
        for count in ("0", "-1", "65", "many", "1.5", ""):
            with self.subTest(count=count):
                self.refused(self.command("--cpus", count), "--cpus")

    def test_memory_larger_than_the_host(self):
        self.refused(self.command(memory=1 << 30), "memory", "host")

    def test_memory_too_small(self):
        for size in (0, 1):
            with self.subTest(size=size):
                self.refused(self.command(memory=size), "memory", "MiB")

    def test_memory_nonsense(self):
        for size in ("-5", "lots", "18446744073709551616", "64G"):
            with self.subTest(size=size):
                self.refused(self.command(memory=size), "--memory")

    def test_command_line_too_long(self):
        self.refused(self.command("--cmdline", "x" * 70000), "--cmdline")


if __name__ == "__main__":
    BadInput.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
