#!/usr/bin/env python3
"""What hospes-vmm has given up, seen from outside while its guest runs; and what it does where the host lacks a part.

usage: confined_test.py build/release/bin/hospes-vmm [unittest options]
"""
import ctypes
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import vmm  # noqa: E402

NOBODY = 65534
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LANDLOCK, SECCOMP, PRCTL, CLOSE_RANGE, EPERM = 444, 317, 157, 436, 1
MIB = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)


def refuse(*numbers):
    """For preexec_fn: from here on these system calls fail with EPERM, as in some containers."""
    def instruction(code, value, if_true=0, if_false=0):
        return struct.pack("<HBBI", code, if_true, if_false, value)

    allow, error = 0x7FFF0000, 0x00050000
    code = instruction(0x20, 0)
    for number in numbers:
        code += instruction(0x15, number, 0, 1) + instruction(0x06, error | EPERM)
    code += instruction(0x06, allow)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))

    def act():
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) != 0:
            raise OSError(ctypes.get_errno(), "no filter")
        return buffer

    return act


def status_of(pid, tid):
    with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Running(unittest.TestCase):
    program = None

    def setUp(self):
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-confined-"))
        self.addCleanup(shutil.rmtree, self.where)
        self.where.chmod(0o755)
        self.kernel = self.where / "kernel"

    def start(self, *options, image=None, program=None, disks=(), **keywords):
        """Runs a guest until the test ends, which has said "ready"."""
        self.kernel.write_bytes(image or tiny_kernel.print_and_wait("ready"))
        guest = vmm.Guest(kernel=self.kernel, memory=16, disks=disks, options=("--code-cache", 2, *options))
        stderr = keywords.pop("stderr", subprocess.PIPE)
        process = subprocess.Popen(vmm.Vmm(program or self.program).command(guest), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=stderr, **keywords)
        self.addCleanup(self.end, process)
        self.wait_for(process, b"ready")
        return process

    def end(self, process):
        """What it said on standard error."""
        process.kill()
        said = process.communicate()[1] if not process.stdout.closed else b""
        return (said or b"").decode()

    def wait_for(self, process, text, count=1):
        seen = b""
        while seen.count(text) < count:
            more = os.read(process.stdout.fileno(), 4096)
            if not more:
                self.fail(f"it has ended after {seen!r}: {process.communicate()!r}")
            seen += more

    def threads_of(self, process):
        """Status lines of each thread; there are three: main, io, vcpu 0."""
        tids = os.listdir(f"/proc/{process.pid}/task")
        self.assertEqual(len(tids), 3)
        return [status_of(process.pid, tid) for tid in tids]

    def assert_filtered(self, process, filters=1):
        for status in self.threads_of(process):
            self.assertEqual((status["Seccomp"], status["Seccomp_filters"]), ("2", str(filters)))

    def assert_no_capabilities(self, process):
        sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"] + (["CapBnd"] if os.geteuid() == 0 else [])
        for status in self.threads_of(process):
            self.assertEqual({name: int(status[name], 16) for name in sets}, {name: 0 for name in sets})


class Confined(Running):
    def test_every_thread_is_filtered(self):
        self.assert_filtered(self.start())

    def test_no_thread_has_a_capability(self):
        self.assert_no_capabilities(self.start())

    def test_no_new_privileges(self):
        for status in self.threads_of(self.start()):
            self.assertEqual(status["NoNewPrivs"], "1")

    def test_speculation_is_restricted_where_it_can_be(self):
        with open("/proc/self/status", encoding="ascii") as file:
            before = dict(line.rstrip("\n").split(":\t", 1) for line in file if "Specul" in line)
        for status in self.threads_of(self.start()):
            for name, was in before.items():
                expected = {"thread vulnerable": "thread force mitigated",
                            "conditional enabled": "conditional force disabled"}.get(was, was)
                self.assertEqual(status[name], expected)

    def test_the_same_after_a_reset(self):
        """A kernel that resets the machine at once, for ever: each machine is built in the sandbox."""
        image = tiny_kernel.pvh_kernel(tiny_kernel.print_text("ready") + tiny_kernel.out_byte(0xCF9, 6)
                                       + tiny_kernel.HALT)
        process = self.start(image=image)
        descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
        self.wait_for(process, b"ready", 50)
        self.assertEqual(status_of(process.pid, process.pid)["Seccomp"], "2")
        self.assertLessEqual(len(os.listdir(f"/proc/{process.pid}/fd")), descriptors + 4)

    def on_a_terminal(self, image):
        """Runs a guest on a terminal, resets included, until Ctrl-] ends it: its exit status, whether the terminal was
        raw and is as before."""
        self.kernel.write_bytes(image)
        guest = vmm.Guest(kernel=self.kernel, memory=16, options=("--code-cache", 2))
        command = vmm.Vmm(self.program).command(guest)
        # The shell keeps the terminal when the VM has ended, and says how it has.
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("sh", ["sh", "-c", '"$@"; echo "@@ $?"; stty -a | grep -o -e "-*icanon"', "sh", *command])
        seen, raw = b"", False
        while not (match := re.search(rb"(?s)@@ (\d+).*?(-?icanon)", seen)):
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                self.fail(f"the shell has ended: {seen!r}")
            if b"ready" in seen and b"@@" not in seen:
                raw = raw or not termios.tcgetattr(terminal)[3] & termios.ICANON
                os.write(terminal, b"\x1d")
        os.waitpid(pid, 0)
        os.close(terminal)
        return int(match.group(1)), raw, match.group(2)

    def test_a_terminal_is_given_back(self):
        self.assertEqual(self.on_a_terminal(tiny_kernel.print_and_wait("ready")), (0, True, b"icanon"))

    def test_a_terminal_over_resets(self):
        image = tiny_kernel.pvh_kernel(tiny_kernel.print_text("ready") + tiny_kernel.out_byte(0xCF9, 6)
                                       + tiny_kernel.HALT)
        self.assertEqual(self.on_a_terminal(image), (0, True, b"icanon"))

    def test_limits(self):
        disk = self.where / "disk"
        with open(disk, "wb") as file:
            file.truncate(3 * MIB)
        process = self.start(disks=(vmm.Disk(disk),))
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
        self.assertEqual(limits["Max core file size"], ["0", "0"])
        self.assertEqual(limits["Max locked memory"], ["0", "0"])
        self.assertEqual(limits["Max file size"], [str(3 * MIB)] * 2)
        soft, hard = map(int, limits["Max open files"])
        self.assertEqual(soft, hard)
        self.assertLessEqual(soft, 32)

    def test_a_file_for_the_console_has_no_bound(self):
        with open(self.where / "errors", "wb") as errors:
            process = self.start(stderr=errors)
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max file size +unlimited")

    @unittest.skipIf(os.geteuid() != 0, "another's descriptors are seen by root only")
    def test_descriptors_that_nobody_named_are_closed(self):
        with open("/proc/version", "rb") as secret:
            process = self.start(pass_fds=(secret.fileno(),))
            theirs = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()}
        self.assertNotIn("/proc/version", theirs)
        self.assertIn(str(self.kernel), theirs)

    def as_nobody(self, *options):
        """Runs a copy that every user may run; gives who owns what /proc says of it: root if it is hidden."""
        keywords = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        copy = self.where / "hospes-vmm"
        shutil.copy(self.program, copy)
        process = self.start(*options, program=copy, **keywords)
        self.assert_filtered(process)
        return os.stat(f"/proc/{process.pid}/environ").st_uid

    def test_others_of_the_same_user_cannot_look_inside(self):
        self.assertEqual(self.as_nobody(), 0)

    def test_profilers_can_if_asked_for(self):
        self.assertNotEqual(self.as_nobody("--perf-map"), 0)

    def test_perf_map_and_trace_are_written_inside(self):
        image = tiny_kernel.pvh_kernel(tiny_kernel.print_text("ready") + tiny_kernel.out_byte(0xCF9, 6)
                                       + tiny_kernel.HALT)
        with open(self.where / "errors", "wb") as errors:
            process = self.start("--perf-map", "--trace", "blocks", image=image, stderr=errors)
        self.wait_for(process, b"ready", 2)
        perf_map = pathlib.Path(f"/tmp/perf-{process.pid}.map")
        self.addCleanup(perf_map.unlink)
        self.assertGreater(perf_map.read_text(encoding="ascii").count("guest_100"), 1)
        self.assertIn("out dx, al", (self.where / "errors").read_text(encoding="utf-8"))

    def test_it_is_quick(self):
        """Entering costs the processor less than 3 ms, however much else runs here."""
        self.kernel.write_bytes(tiny_kernel.print_and_exit("", 0))
        guest = vmm.Guest(kernel=self.kernel, memory=16, options=("--code-cache", 2, "--debug-exit"))
        seconds = {"on": [], "off": []}
        for _ in range(20):
            for switch, times in seconds.items():
                process = subprocess.Popen([*vmm.Vmm(self.program).command(guest), "--sandbox", switch],
                                           stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                usage = os.wait4(process.pid, 0)[2]
                process.returncode = 0
                times.append(usage.ru_utime + usage.ru_stime)
        self.assertLess(min(seconds["on"]), min(seconds["off"]) + 0.003)


class Lacking(Running):
    """Each part that the host refuses is named in one line, and the others hold."""

    def said(self, process):
        return [line.split("sandbox: ", 1)[1] for line in self.end(process).splitlines() if "sandbox: " in line]

    def test_nothing(self):
        self.assertEqual(self.said(self.start()), [])

    def only_lack(self, number, filters):
        """What it says, all else being done, where the host refuses this call."""
        process = self.start(preexec_fn=refuse(number))
        self.assert_filtered(process, filters)
        self.assert_no_capabilities(process)
        said = self.said(process)
        self.assertEqual(len(said), 1, said)
        return said[0]

    def test_landlock(self):
        self.assertIn("Landlock: it is forbidden here, as some containers do; see hospes doctor",
                      self.only_lack(LANDLOCK, 2))

    def test_seccomp(self):
        self.assertIn("seccomp: ", self.only_lack(SECCOMP, 1))  # the filter is refuse()'s

    def test_closing(self):
        process = self.start(preexec_fn=refuse(CLOSE_RANGE))
        self.assert_filtered(process, 2)
        self.assertIn("closing inherited descriptors: ", self.said(process)[0])

    def test_the_operator_wants_none(self):
        process = self.start("--sandbox", "off")
        for status in self.threads_of(process):
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("0", "0"))
        self.assertEqual(self.said(process), ["off, as --sandbox off says; do not run guests that you do not trust"])


if __name__ == "__main__":
    Running.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
