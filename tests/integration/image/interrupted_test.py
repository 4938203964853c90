#!/usr/bin/env python3
"""A build that is interrupted, at whatever moment and however, leaves no file, process, mount or loop device. Needs the
package archive.

usage: interrupted_test.py build/release/bin/hospes [--times N] [--image NAME] [--via WAY] [unittest options]
"""
import argparse
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
    program, times, image, via = None, 12, "micro", "any"

    def setUp(self):
        prefix, owner = (), None
        if self.via in ("userns", "vm"):
            prefix, owner = self.enterContext(images.as_nobody_with_subordinate_ids()), images.NOBODY
        self.images = self.enterContext(images.empty_store(self.program, prefix, owner))
        self.images.run("ls")  # makes the folders of a store
        # Locks are the store's own files, one for each name that was ever built.
        for name in (self.image, "micro"):
            self.images.run("build", name, env={"HOSPES_DEBIAN_MIRROR": "http://127.0.0.1:9/debian"})
        self.build = ("build", self.image, "--via", self.via)
        self.traces = self.images.traces()
        self.moments = random.Random(5)

    def whole_time(self):
        """Seconds that an undisturbed build takes now."""
        start = time.monotonic()
        self.assertEqual(self.images.run(*self.build).returncode, 0)
        self.assertEqual(self.images.run("rm", self.image).returncode, 0)
        return time.monotonic() - start

    def interrupt(self, moment, number):
        process = self.images.start(*self.build)
        time.sleep(moment)
        process.send_signal(number)
        process.communicate()
        self.assertIn(process.returncode, (0, -number))
        images.wait_until_gone(self.images, PATIENCE)
        if self.images.run("ls", "--quiet").stdout:  # it was faster: then the image is there, and whole
            self.images.json("inspect", self.image)
            self.images.run("rm", self.image)
        self.assertEqual(self.traces.new(), [])

    def test_at_any_moment(self):
        limit = self.whole_time()
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * (self.times // 4):
            moment = self.moments.uniform(0, limit)
            with self.subTest(moment=moment, number=number):
                self.interrupt(moment, number)

    def test_signal_leaves_nothing_at_the_time_that_it_ends(self):
        process = self.images.start(*self.build)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual((process.returncode, self.images.work()), (-signal.SIGINT, []))

    def test_what_a_killed_janitor_leaves_is_reaped(self):
        process = self.images.start(*self.build)
        process.stderr.readline()
        for victim in images.hospes.processes_of(self.images.hospes):
            os.kill(victim, signal.SIGKILL)
        process.communicate()
        self.assertEqual(len(self.images.work()), 1)
        # Tools of the build hold the folder until they have died, too.
        until = time.monotonic() + PATIENCE
        while self.images.work() and time.monotonic() < until:
            self.images.run("ls")
        self.assertEqual(self.traces.new(), [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    for option, kind in (("times", int), ("image", str), ("via", str)):
        parser.add_argument(f"--{option}", type=kind, default=getattr(Interrupted, option))
    parser.parse_known_args(namespace=Interrupted)
    _, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
