#!/usr/bin/env python3
"""Standard input, output and error are the command's: separate, binary, with an end, at the reader's speed.

usage: streams_test.py build/release/bin/hospes [unittest options]
"""
import hashlib
import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402

MEBIBYTE = 1 << 20


class Streams(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def good(self, result):
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout

    def test_output_and_error_are_apart(self):
        result = self.hospes.shell("echo to output; echo to error >&2; printf more; printf more >&2")
        self.assertEqual((result.stdout, result.stderr), (b"to output\nmore", b"to error\nmore"))

    def test_input_ends(self):
        self.assertEqual(self.good(self.hospes.run("cat", input=b"hello")), b"hello")
        self.assertEqual(self.good(self.hospes.run("cat", input=b"")), b"")
        self.assertEqual(self.good(self.hospes.run("cat")), b"")

    def test_output_goes_on_after_the_end_of_input(self):
        result = self.hospes.shell("cat; sleep 0.3; echo after", input=b"before\n")
        self.assertEqual(self.good(result), b"before\nafter\n")

    def test_16_mebibytes_of_any_bytes_both_ways(self):
        data = random.Random(7).randbytes(16 * MEBIBYTE)
        self.assertEqual(hashlib.sha256(self.good(self.hospes.run("cat", input=data))).digest(),
                         hashlib.sha256(data).digest())

    def test_every_byte_in_every_direction(self):
        data = bytes(range(256)) * 4
        result = self.hospes.shell("tee /dev/stderr", input=data)
        self.assertEqual((result.stdout, result.stderr), (data, data))

    def test_input_from_a_file(self):
        with open(self.program, "rb") as file:
            out = self.good(self.hospes.run("sha256sum", stdin=file))
        self.assertEqual(out.split()[0].decode(), hashlib.sha256(pathlib.Path(self.program).read_bytes()).hexdigest())

    def test_interactive_pipe(self):
        with hospes.running(self.hospes, "while read line; do echo \"got $line\"; done; echo end") as process:
            for word in (b"one", b"two"):
                process.stdin.write(word + b"\n")
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), b"got " + word + b"\n")
            process.stdin.close()
            self.assertEqual(process.stdout.read(), b"end\n")
            self.assertEqual(process.wait(20), 0)

    def test_slow_reader_loses_nothing_and_holds_up_only_its_stream(self):
        script = "head -c 3000000 /dev/zero & echo meanwhile >&2; wait; echo written >&2"
        with hospes.running(self.hospes, script) as process:
            self.assertEqual(process.stderr.readline(), b"meanwhile\n")
            time.sleep(1)
            self.assertEqual(len(process.stdout.read()), 3000000)
            self.assertEqual(process.stderr.readline(), b"written\n")
            self.assertEqual(process.wait(20), 0)

    def test_memory_does_not_grow_with_what_waits(self):
        with hospes.running(self.hospes, "exec cat /dev/zero") as process:
            time.sleep(2)
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            self.assertLess(int(status.split("VmRSS:")[1].split()[0]), 32 * 1024)

    def test_command_that_does_not_read_its_input(self):
        process = self.hospes.start("true")
        process.stdin.write(b"x")  # and never closed
        process.stdin.flush()
        self.assertEqual(process.wait(30), 0)
        process.communicate()
        with open("/dev/zero", "rb") as endless:
            self.good(self.hospes.run("true", stdin=endless))

    def test_reader_that_goes_away(self):
        line = shlex.join(self.hospes.words(["yes"]))
        script = f"{line} | head -n 2; echo ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", script], capture_output=True, timeout=hospes.LIMIT, check=False)
        self.assertEqual((result.stdout, result.stderr), (b"y\ny\n%d\n" % (128 + signal.SIGPIPE), b""))

    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            result = self.hospes.run("yes", stdout=full)
        self.assertEqual(result.returncode, 128 + signal.SIGPIPE)
        self.assertIn(b"hospes: cannot write standard output: No space left on device", result.stderr)

    def test_closed_descriptors(self):
        line = shlex.join(self.hospes.words(["sh", "-c", "cat; echo out; exit 5"]))
        result = subprocess.run(["bash", "-c", line + " <&- >&- 2>&-"], timeout=hospes.LIMIT, check=False)
        self.assertEqual(result.returncode, 5)

    def test_users_descriptors_stay_blocking(self):
        ends = os.pipe()
        self.hospes.run("true", stdin=ends[0], stdout=ends[1], stderr=ends[1])
        self.assertEqual([os.get_blocking(end) for end in ends], [True, True])
        for end in ends:
            os.close(end)

    def test_the_guest_sees_pipes(self):
        self.assertEqual(self.good(self.hospes.shell("[ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo none")), b"none\n")

    def test_output_of_what_the_command_left_behind_does_not_hold_the_end(self):
        began = time.monotonic()
        self.assertEqual(self.good(self.hospes.shell("sleep 100 & echo done")), b"done\n")
        self.assertLess(time.monotonic() - began, 60)


if __name__ == "__main__":
    Streams.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
