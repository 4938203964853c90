#!/usr/bin/env python3
"""The speed that `hospes doctor` measures, with the images of XDG_DATA_HOME; and what it shows on terminals.

usage: speed_test.py build/release/bin/hospes [unittest options]
"""
import os
import pathlib
import pty
import subprocess
import sys
import unittest

from doctor import LIMIT, Doctor

CLASSES = ["int", "fp", "simd", "mem", "sys"]


def data_folder():
    return os.environ.get("XDG_DATA_HOME") or str(pathlib.Path.home() / ".local/share")


def on_terminal(words, environment):
    """What a terminal shows of a program: output and errors in one."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the last of the other side's ends is closed
                break
            if not piece:
                break
            shown += piece
        process.wait(timeout=LIMIT)
    os.close(ours)
    return shown.decode()


class Speed(unittest.TestCase):
    program = None

    def setUp(self):
        self.doctor = Doctor(self.program)
        self.addCleanup(self.doctor.close)
        self.environment = {"XDG_DATA_HOME": data_folder()}

    def test_measured(self):
        seen = self.doctor.examine("--json", environment=self.environment)
        speed = seen.value["speed"]
        self.assertTrue(speed["measured"], speed)
        self.assertEqual(list(speed["classes"]), CLASSES)
        product = 1.0
        for name, one in speed["classes"].items():
            self.assertTrue(one["same_result"], name)
            self.assertGreater(one["times_native"], 0)
            product *= one["times_native"]
        self.assertAlmostEqual(speed["geometric_mean"], product ** (1 / len(CLASSES)), delta=0.02)
        self.assertTrue(0 < speed["boot_seconds"] < 60)
        self.assertEqual(seen.stderr, "")
        self.assertEqual(seen.status, 0)

    def test_text(self):
        result = self.doctor.run(environment=self.environment)
        self.assertRegex(result.stdout, r"int \d+\.\d\d .* geometric mean \d+\.\d\d\n"
                                        r"  a VM's init runs after \d+\.\d\d s\n")

    def test_a_vm_that_does_not_start(self):
        (self.doctor.program.parent / "hospes-vmm").unlink()
        seen = self.doctor.examine("--json", environment=self.environment)
        self.assertEqual((seen.status, seen.severity("vm.failed")), (1, "problem"))
        self.assertFalse(seen.value["speed"]["measured"])

    def test_a_vm_that_ends_early(self):
        vmm = self.doctor.program.parent / "hospes-vmm"
        vmm.write_text("#!/bin/sh\necho 'hospes-vmm: cannot go on: too tired; let it sleep' >&2\nexit 125\n",
                       encoding="ascii")
        seen = self.doctor.examine("--json", environment=self.environment)
        self.assertEqual(seen.severity("vm.failed"), "problem")
        self.assertIn("too tired", seen.findings["vm.failed"]["summary"])

    def test_a_vm_that_computes_wrongly(self):
        vmm = self.doctor.program.parent / "hospes-vmm"
        lines = "\n".join(f"hospes-speed {name} 1000 {number}" for number, name in enumerate(CLASSES, 1))
        vmm.write_text(f"#!/bin/sh\ncat <<END\nhospes-speed 1 begin\n{lines}\nhospes-speed end\nEND\n",
                       encoding="ascii")
        seen = self.doctor.examine("--json", environment=self.environment)
        self.assertEqual((seen.status, seen.severity("vm.wrong-result")), (1, "problem"))
        self.assertFalse(any(one["same_result"] for one in seen.value["speed"]["classes"].values()))

    def test_on_a_terminal(self):
        words = [str(self.doctor.program), "doctor"]
        environment = {**os.environ, **self.environment, "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        shown = on_terminal(words, environment)
        self.assertIn("1/3 measuring the speed of this host", shown)
        self.assertIn("2/3 measuring the speed of a VM", shown)
        self.assertIn("\x1b[32mok\x1b[0m", shown)
        plain = on_terminal([*words, "--no-speed"], {**environment, "NO_COLOR": "1"})
        self.assertNotIn("\x1b[32m", plain)
        self.assertNotIn("measuring", plain)


if __name__ == "__main__":
    Speed.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
