#!/usr/bin/env python3
"""How a run ends: the command's status, signals, timeouts, and every way in which it does not start.

usage: ends_test.py build/release/bin/hospes [unittest options]
"""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402


class Ends(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def ends(self, result, status, said=None):
        """Without `said`, nothing may be said at all."""
        self.assertEqual(result.returncode, status, result.stderr)
        if said is None:
            return self.assertEqual(result.stderr, b"")
        self.assertIn(said.encode(), result.stderr)
        self.assertTrue(result.stderr.startswith(b"hospes: "), result.stderr)

    def test_status_of_the_command(self):
        for status in (0, 1, 7, 124, 125, 255):
            with self.subTest(status=status):
                self.ends(self.hospes.shell(f"exit {status}"), status)

    def test_death_by_signal(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            with self.subTest(signal=number):
                self.ends(self.hospes.shell(f"kill -{int(number)} $$"), 128 + number)

    def test_not_found_and_not_executable(self):
        self.ends(self.hospes.run("no-such-command"), 127, 'cannot run "no-such-command" in micro: ')
        self.ends(self.hospes.run("/no/such/file"), 127, "/no/such/file")
        self.ends(self.hospes.run("/etc"), 126, "/etc")
        self.ends(self.hospes.run("/etc/passwd"), 126, "ermission denied")

    def test_bad_user_and_folder(self):
        self.ends(self.hospes.run("true", options=("-u", "nosuchuser")), 125, "nosuchuser")
        self.ends(self.hospes.run("true", options=("-w", "/no/such")), 125, '"/no/such"')

    def test_timeout(self):
        began = time.monotonic()
        self.ends(self.hospes.run("sleep", "60", options=("--timeout", "8")), 124)
        self.assertTrue(7.5 < time.monotonic() - began < 12)
        self.ends(self.hospes.run("true", options=("--timeout", "5m")), 0)
        self.ends(self.hospes.run("true", options=("--timeout", "0.05")), 124)

    def test_timeout_does_not_wait_for_a_reader(self):
        process = self.hospes.start("yes", options=("--timeout", "8"), stdin=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.wait(20), 124)

    def test_vm_that_cannot_start(self):
        for option, value in (("--engine", "magic"), ("--cpus", "99"), ("--cpu-model", "none"), ("--memory", "1000T")):
            with self.subTest(option=option):
                self.ends(self.hospes.run("true", options=(option, value)), 125, "the VM did not start: ")
        self.ends(self.hospes.run("true", options=("--memory", "4")), 125, "hospes: ")

    def test_unknown_images(self):
        self.ends(self.hospes.run("true", image="no-such-image", options=("--pull", "never")), 125, "no-such-image")
        self.ends(self.hospes.run("true", image="../x"), 125, "../x")

    def test_kernel_panic(self):
        result = self.hospes.shell("echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 60")
        self.ends(result, 125, "the VM ended before the command did: ")
        self.assertIn(b"Kernel panic", result.stderr)
        self.assertIn(b"  | ", result.stderr)

    def test_guest_that_powers_off(self):
        self.ends(self.hospes.shell("echo 1 >/proc/sys/kernel/sysrq; echo o >/proc/sysrq-trigger; sleep 60"), 125,
                  "the VM ended before the command did")

    def test_vmm_that_is_killed(self):
        with hospes.running(self.hospes, "sleep 60") as process:
            os.kill(hospes.vmm_of(self.hospes), signal.SIGKILL)
            self.assertEqual(process.wait(10), 125)
            self.assertIn(b"killed by signal 9", process.stderr.read())


class Signals(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def test_signals_reach_the_command(self):
        for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2"):
            with self.subTest(signal=name):
                script = f"trap 'echo got {name}; exit 3' {name}; echo armed; while :; do sleep 0.1; done"
                with hospes.running(self.hospes, script) as process:
                    self.assertEqual(process.stdout.readline(), b"armed\n")
                    process.send_signal(getattr(signal, "SIG" + name))
                    self.assertEqual(process.wait(20), 3)
                    self.assertEqual(process.stdout.read(), f"got {name}\n".encode())

    def test_signals_end_a_command_without_handlers(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number), hospes.running(self.hospes, "exec sleep 60") as process:
                time.sleep(0.2)  # until it is sleep, which has no handler
                process.send_signal(number)
                self.assertEqual(process.wait(20), 128 + number)

    def test_interrupt_is_for_the_whole_group(self):
        with hospes.running(self.hospes, "sleep 60; echo not reached") as process:
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(20), 128 + signal.SIGINT)

    def test_before_the_command_runs(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                process = self.hospes.start("true")
                time.sleep(0.4)
                process.send_signal(number)
                self.assertEqual(process.wait(10), 128 + number)
                process.communicate()
                self.assertEqual(hospes.processes_of(self.hospes), set())

    def test_ignored_hang_up_stays_ignored(self):
        with hospes.running(self.hospes, "sleep 2; echo alive",
                            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.stdout.read(), b"alive\n")
            self.assertEqual(process.wait(20), 0)

    def test_stop_and_go_on(self):
        with hospes.running(self.hospes, "while read line; do echo $line; done") as process:
            process.send_signal(signal.SIGTSTP)
            self.wait_for_state(process.pid, "T")
            process.send_signal(signal.SIGCONT)
            process.stdin.write(b"again\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"again\n")

    def wait_for_state(self, pid, state):
        until = time.monotonic() + 5
        while time.monotonic() < until:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            if stat.rsplit(")", 1)[1].split()[0] == state:
                return
            time.sleep(0.02)
        self.fail(f"process {pid} does not get into state {state}")


if __name__ == "__main__":
    Ends.program = Signals.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
