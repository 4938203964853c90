#!/usr/bin/env python3
"""What the VMs of an image translate is kept for the next ones; nothing that happens to it disturbs a run.

usage: translations_test.py build/release/bin/hospes [unittest options]
"""
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402


class Translations(unittest.TestCase):
    program = None

    def setUp(self):
        store = self.enterContext(hospes.private_store())
        self.hospes = hospes.Hospes(self.program, environment={"XDG_DATA_HOME": str(store)})
        self.hospes.options = ["--engine", "translator"]
        self.folder = store / "hospes/translations"

    def files(self):
        return sorted(self.folder.iterdir()) if self.folder.exists() else []

    def runs(self, options=()):
        result = self.hospes.run("echo", "fine", options=options)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"fine\n", b""))

    def test_made_once_and_used(self):
        self.runs()
        (made,) = self.files()
        before = made.stat()
        self.assertGreater(before.st_size, 10 << 20)
        with hospes.running(self.hospes, "sleep 60"):
            maps = pathlib.Path(f"/proc/{hospes.vmm_of(self.hospes)}/maps").read_text(encoding="utf-8")
        self.assertIn(str(made), maps)
        self.assertEqual(self.files(), [made])
        self.assertEqual((made.stat().st_ino, made.stat().st_size), (before.st_ino, before.st_size))

    def test_good_for_the_build_that_made_it(self):
        self.runs()
        second = self.hospes.run("true", options=["--verbose"])
        self.assertEqual(second.returncode, 0)
        self.assertNotIn(b"translated anew", second.stderr)

    def test_for_each_cpu_model(self):
        self.runs()
        self.runs(["--cpu-model", "x86-64-v2"])
        self.assertEqual(len(self.files()), 2)

    def test_old_ones_go(self):
        self.runs()
        (made,) = self.files()
        digest = made.name.split("-")[0]
        for number in range(6):
            old = self.folder / f"{digest}-{number}"
            old.write_bytes(b"x")
            os.utime(old, (number, number))
        other = self.folder / ("0" * 64 + "-0")
        other.touch()
        self.runs(["--cpu-model", "x86-64-v2"])
        self.assertEqual(len(self.files()), 5)
        self.assertTrue(made.exists())
        self.assertTrue(other.exists())

    def test_damaged(self):
        self.runs()
        (made,) = self.files()
        sound = made.read_bytes()
        made.write_bytes(sound[:len(sound) // 2])
        self.runs()
        made.write_bytes(bytes(byte ^ 1 for byte in sound[:100000]) + sound[100000:])
        self.runs()
        damaged = bytearray(sound)
        for at in range(100000, len(damaged) - (2 << 20), 5000):
            damaged[at] ^= 4
        made.write_bytes(damaged)
        self.runs()

    def test_of_others_is_not_used(self):
        self.runs()
        (made,) = self.files()
        made.chmod(0o666)
        with hospes.running(self.hospes, "sleep 60"):
            maps = pathlib.Path(f"/proc/{hospes.vmm_of(self.hospes)}/maps").read_text(encoding="utf-8")
        self.assertNotIn(str(made), maps)
        self.assertEqual(self.files(), [made])

    def test_killed_while_it_is_made(self):
        process = self.hospes.start("echo", "fine")
        time.sleep(0.7)
        process.kill()
        process.communicate()
        self.assertEqual(self.files(), [])
        self.runs()
        self.assertEqual(len(self.files()), 1)

    def test_two_at_once(self):
        processes = [self.hospes.start("echo", "fine") for _ in range(2)]
        for process in processes:
            stdout, stderr = process.communicate(timeout=hospes.LIMIT)
            self.assertEqual((process.returncode, stdout, stderr), (0, b"fine\n", b""))
        self.assertEqual(len(self.files()), 1)

    def test_what_cannot_be_made_is_not_tried_again_at_once(self):
        self.runs()
        (made,) = self.files()
        made.write_bytes(b"")
        self.runs()
        self.assertEqual(made.stat().st_size, 0)
        os.utime(made, (1, 1))
        self.runs()
        self.assertGreater(made.stat().st_size, 10 << 20)


if __name__ == "__main__":
    Translations.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
