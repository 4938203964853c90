#!/usr/bin/env python3
"""--save-translations and --translations: a second run loads what the first has translated, and no file spoils a run.

usage: translations_test.py build/release/bin/hospes-vmm [unittest options]
"""
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import vmm  # noqa: E402

TEXT = "hello\n"


class Translations(unittest.TestCase):
    program = None

    def setUp(self):
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-translations-"))
        self.addCleanup(shutil.rmtree, self.where)
        self.kernel = self.where / "kernel"
        self.kernel.write_bytes(tiny_kernel.print_and_exit(TEXT, 0))
        self.file = self.where / "translations"

    def run_vmm(self, *options, engine="translator"):
        command = [self.program, "--engine", engine, "--kernel", self.kernel, "--memory", "64", "--debug-exit",
                   "--counters", *options]
        return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30, check=False)

    def good(self, *options):
        """Runs a guest that does as it should: (blocks translated, blocks loaded, what else was said)."""
        done = self.run_vmm(*options)
        self.assertEqual((done.returncode, done.stdout), (1, TEXT), done.stderr)
        count = {name: int(value) for name, value in re.findall(r"^(\w+_blocks) (\d+)$", done.stderr, re.MULTILINE)}
        return count["translated_blocks"], count["loaded_blocks"], done.stderr

    def refused(self, *options, engine="translator"):
        done = self.run_vmm(*options, engine=engine)
        self.assertEqual(done.returncode, vmm.ERROR, done.stderr)
        return vmm.without_lacks(done.stderr)

    def test_second_run_translates_nothing(self):
        first, loaded, _ = self.good("--save-translations", self.file)
        self.assertGreater(first, 3)
        self.assertEqual(loaded, 0)
        self.assertEqual(self.good("--translations", self.file)[:2], (0, first))
        self.assertEqual(self.good()[:2], (first, 0))

    def test_both_at_once(self):
        first = self.good("--save-translations", self.file)[0]
        second = self.where / "second"
        self.good("--translations", self.file, "--save-translations", second)
        self.assertEqual(self.good("--translations", second)[:2], (0, first))

    def test_a_file_that_is_in_use_is_made_anew(self):
        first = self.good("--save-translations", self.file)[0]
        self.assertEqual(self.good("--translations", self.file, "--save-translations", self.file)[:2], (0, first))
        self.assertEqual(self.good("--translations", self.file)[:2], (0, first))

    def test_another_build(self):
        self.good("--save-translations", self.file)
        translated, loaded, said = self.good("--translations", self.file, "--block-limit", "20")
        self.assertEqual(loaded, 0)
        self.assertGreater(translated, 3)
        self.assertIn("of another build", said)

    def test_other_cpu_model(self):
        self.good("--save-translations", self.file, "--cpu-model", "x86-64-v2")
        self.assertEqual(self.good("--translations", self.file, "--cpu-model", "x86-64-v3")[1], 0)
        self.assertGreater(self.good("--translations", self.file, "--cpu-model", "x86-64-v2")[1], 3)

    def test_damaged(self):
        self.good("--save-translations", self.file)
        sound = self.file.read_bytes()
        for bytes_left in (0, 10, 60, len(sound) - 8):
            with self.subTest(bytes_left=bytes_left):
                self.file.write_bytes(sound[:bytes_left])
                self.assertIn("no whole file of translations", self.good("--translations", self.file)[2])
        damaged = bytearray(sound)
        for at in range(len(sound) // 4, len(sound) // 2):
            damaged[at] ^= 0x55
        self.file.write_bytes(damaged)
        self.assertGreater(self.good("--translations", self.file)[0], 0)

    def test_ended_by_a_signal(self):
        self.kernel.write_bytes(tiny_kernel.print_and_wait(TEXT))
        command = [self.program, "--engine", "translator", "--kernel", self.kernel, "--memory", "64",
                   "--save-translations", self.file]
        with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as process:
            self.assertEqual(process.stdout.read(len(TEXT)), TEXT)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30), -signal.SIGTERM)
        self.assertGreater(self.file.stat().st_size, 100)

    def test_absent(self):
        self.assertIn("cannot read translations from", self.refused("--translations", self.where / "absent"))

    def test_cannot_be_saved(self):
        said = self.refused("--save-translations", self.where / "absent" / "file")
        self.assertIn("cannot save translations to", said)

    def test_disk_full(self):
        self.assertIn("No space left", self.refused("--save-translations", "/dev/full"))

    def test_only_the_translator_saves(self):
        said = self.refused("--save-translations", self.file, engine="kvm")
        self.assertIn("--save-translations", said)
        self.assertFalse(self.file.exists())


if __name__ == "__main__":
    Translations.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
