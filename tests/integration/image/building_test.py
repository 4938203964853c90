#!/usr/bin/env python3
"""`hospes image build`: the same packages give the same image, two builds share the work, mistakes are told. Needs the
package archive.

usage: building_test.py build/release/bin/hospes [unittest options]
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import images  # noqa: E402

ENOUGH = 450  # MiB that a build of micro can do with


class Building(unittest.TestCase):
    program = None

    def setUp(self):
        self.images = self.enterContext(images.empty_store(self.program))

    def tearDown(self):
        self.assertEqual(self.images.work(), [])

    def refused(self, *words, says=(), **keywords):
        result = self.images.run(*words, **keywords)
        self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
        last = result.stderr.splitlines()[-1]
        self.assertRegex(last, r"^hospes: \S.*; \w.*$")
        for words_said in says:
            self.assertIn(words_said, last)
        self.assertEqual(self.images.run("ls", "-q").stdout, "")

    def test_the_same_again(self):
        first = self.images.json("build", "micro")
        again = self.images.json("build", "micro", "--force")
        self.assertEqual(first["digest"], again["digest"])
        with images.empty_store(self.program) as other:
            self.assertEqual(other.json("build", "micro")["digest"], first["digest"])

    def test_progress_is_on_standard_error(self):
        result = self.images.run("build", "micro")
        self.assertRegex(result.stdout, r"^micro \d+ MiB, kernel \S+-cloud-amd64\n$")
        self.assertEqual([line.split()[1] for line in result.stderr.splitlines()], ["1/4", "2/4", "3/4", "4/4"])
        again = self.images.run("build", "micro")
        self.assertEqual((again.stdout, again.stderr), (result.stdout, ""))

    def test_two_at_once(self):
        first = self.images.start("build", "micro", "--json")
        first.stderr.readline()  # it is at work
        second = self.images.start("build", "micro", "--json", "--force")
        outputs = [process.communicate(timeout=images.LIMIT) for process in (first, second)]
        self.assertEqual([first.returncode, second.returncode], [0, 0], outputs)
        self.assertEqual(outputs[0][0], outputs[1][0])
        self.assertIn("another build of micro is under way", outputs[1][1])
        self.assertNotIn("1/4", outputs[1][1])

    def test_the_second_takes_over_from_a_killed_one(self):
        first = self.images.start("build", "micro")
        first.stderr.readline()
        second = self.images.start("build", "micro")
        self.assertIn("another build", second.stderr.readline())
        first.kill()
        first.communicate()
        _, said = second.communicate(timeout=images.LIMIT)
        self.assertEqual(second.returncode, 0, said)
        self.assertIn("4/4", said)

    def test_ordinary_user(self):
        with images.empty_store(self.program, images.as_nobody(), images.NOBODY) as theirs:
            self.assertEqual(theirs.json("build", "micro")["digest"], self.images.json("build", "micro")["digest"])

    def test_no_archive(self):
        self.refused("build", "micro", env={"HOSPES_DEBIAN_MIRROR": "http://127.0.0.1:9/debian"},
                     says=["http://127.0.0.1:9/debian", "HOSPES_DEBIAN_MIRROR"])

    @unittest.skipIf(os.geteuid() != 0, "hiding programs needs root")
    def test_missing_programs(self):
        tools = [shutil.which(tool, path="/usr/bin:/usr/sbin:/sbin") for tool in ("tar2sqfs", "depmod")]
        script = "".join(f"mount --bind /dev/null {os.path.realpath(tool)}; " for tool in tools) + 'exec "$@"'
        self.images.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        self.refused("build", "micro", says=["tar2sqfs, depmod", "apt-get install kmod squashfs-tools-ng"])


@unittest.skipIf(os.geteuid() != 0, "mounting a small file system needs root")
class FullDisk(unittest.TestCase):
    program = None

    def store_of(self, size):
        """A store on a file system of `size` MiB."""
        small = self.enterContext(images.empty_store(self.program))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "none", small.where], check=True)
        self.addCleanup(subprocess.run, ["umount", small.where], check=True)
        return small

    def expect_told(self, small, process):
        _, said = process.communicate(timeout=images.LIMIT)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(said.splitlines()[-1], r"^hospes: cannot build image micro: no space left: \S+/hospes has \d+ "
                                                r"MiB free, and the build needs about \d+ MiB for a while; free some, ")
        self.assertEqual(small.work(), [])
        self.assertEqual(os.listdir(small.where / "hospes/blobs/sha256"), [])

    def test_known_before(self):
        small = self.store_of(100)
        self.expect_told(small, small.start("build", "micro"))

    def test_while_building(self):
        small = self.store_of(ENOUGH)
        process = small.start("build", "micro")
        process.stderr.readline()
        with open(small.where / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
            while True:
                rest.write(bytes(1 << 20))
        self.expect_told(small, process)
        (small.where / "rest").unlink()
        self.assertEqual(small.run("build", "micro").returncode, 0)


if __name__ == "__main__":
    for case in (Building, FullDisk):
        case.program = sys.argv[1]
    del sys.argv[1]
    unittest.main(verbosity=2)
