#!/usr/bin/env python3
"""A build that is interrupted, at whatever moment and however, leaves no file, process, mount or loop device. Needs the
package archive.

usage: interrupted_test.py build/release/bin/hospes [--times N] [--image NAME] [unittest options]
"""
import os
import pathlib
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import images  # noqa: E402

PATIENCE = 30  # seconds that a janitor has on a busy machine


class Interrupted(unittest.TestCase):
    program, times, image = None, 12, "micro"

    def setUp(self):
        self.images = self.enterContext(images.empty_store(self.program))
        self.images.run("ls")  # makes the folders of a store
        (self.images.where / f"hospes/locks/build-{self.image}").touch()
        self.traces = self.images.traces()
        self.moments = random.Random(5)

    def whole_time(self):
        """Seconds that an undisturbed build takes now."""
        start = time.monotonic()
        self.assertEqual(self.images.run("build", self.image).returncode, 0)
        self.assertEqual(self.images.run("rm", self.image).returncode, 0)
        return time.monotonic() - start

    def interrupt(self, moment, number):
        process = self.images.start("build", self.image)
        time.sleep(moment)
        process.send_signal(number)
        process.communicate()
        if process.returncode == 0:  # it was faster
            self.images.run("rm", self.image)
        else:
            self.assertEqual(process.returncode, -number)
        self.assertEqual(self.traces.new(PATIENCE), [])

    def test_at_any_moment(self):
        limit = self.whole_time()
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * (self.times // 4):
            moment = self.moments.uniform(0, limit)
            with self.subTest(moment=moment, number=number):
                self.interrupt(moment, number)

    def test_signal_leaves_nothing_at_the_time_that_it_ends(self):
        process = self.images.start("build", self.image)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual((process.returncode, self.images.work()), (-signal.SIGINT, []))

    def test_what_a_killed_janitor_leaves_is_reaped(self):
        process = self.images.start("build", self.image)
        process.stderr.readline()
        for victim in images.hospes.processes_of(self.images.hospes):
            os.kill(victim, signal.SIGKILL)
        process.communicate()
        self.assertEqual(len(self.images.work()), 1)
        self.images.run("ls")
        self.assertEqual(self.traces.new(), [])


if __name__ == "__main__":
    Interrupted.program = sys.argv.pop(1)
    if sys.argv[1:2] == ["--times"]:
        Interrupted.times = int(sys.argv[2])
        del sys.argv[1:3]
    if sys.argv[1:2] == ["--image"]:
        Interrupted.image = sys.argv[2]
        del sys.argv[1:3]
    unittest.main(verbosity=2)
