#!/usr/bin/env python3
"""How a guest ends is how the process ends: its exit status and one line on stderr.

usage: exit_status_test.py build/release/bin/hospes-vmm [unittest options]
"""
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import vmm  # noqa: E402


class ExitStatus(unittest.TestCase):
    program = None

    def setUp(self):
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-exit-"))
        self.addCleanup(shutil.rmtree, self.where)

    def ends(self, image, status, said, options=("--no-reboot",)):
        kernel = self.where / "kernel"
        kernel.write_bytes(image)
        result = vmm.Vmm(self.program).run(vmm.Guest(kernel=kernel, memory=64, options=options), 30)
        self.assertFalse(result.timed_out, result.tail())
        self.assertEqual(result.status, status, result.tail())
        self.assertEqual(len(result.stderr.splitlines()), 1, result.tail())
        self.assertIn(said, result.stderr, result.tail())
        return result

    def test_debug_exit(self):
        for value in (0, 1, 16, 61):
            with self.subTest(value=value):
                self.ends(tiny_kernel.debug_exit(value), value << 1 | 1, "debug", ("--debug-exit",))

    def test_triple_fault(self):
        self.ends(tiny_kernel.triple_fault(), vmm.TRIPLE_FAULT, "triple fault")

    def test_reset(self):
        for port, value in ((0xCF9, 0x06), (0x64, 0xFE)):
            with self.subTest(port=hex(port)):
                self.ends(tiny_kernel.reset(port, value), vmm.RESET, "reset")

    def test_serial_port_is_standard_output(self):
        result = self.ends(tiny_kernel.print_and_exit("hello\nfrom the guest\n", 0), 1, "debug", ("--debug-exit",))
        self.assertEqual(result.text(), "hello\nfrom the guest")


if __name__ == "__main__":
    ExitStatus.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
