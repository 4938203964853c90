#!/usr/bin/env python3
"""Nothing is left behind, however a run ends; runs do not disturb each other; what is damaged or full is told.

usage: traces_test.py build/release/bin/hospes [--runs N] [unittest options]
"""
import contextlib
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402

NOBODY = 65534


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))


class Traces(unittest.TestCase):
    program, runs = None, 20

    def setUp(self):
        store = self.enterContext(hospes.private_store())
        temporary = self.enterContext(tempfile.TemporaryDirectory())
        self.hospes = hospes.Hospes(self.program, environment={"XDG_DATA_HOME": str(store), "TMPDIR": temporary})
        self.assertEqual(self.hospes.run("true").returncode, 0)  # makes the folders of a store
        self.traces = hospes.Traces(self.hospes, (store, temporary))

    def tearDown(self):
        self.assertEqual(self.traces.new(), [])

    def test_after_an_ordinary_end(self):
        self.assertEqual(self.hospes.shell("echo x >/x; modprobe loop; exit 3").returncode, 3)

    def test_while_it_runs_nothing_has_a_name(self):
        with hospes.running(self.hospes, "head -c 30000000 /dev/zero >/x; sync; echo written; sleep 60") as process:
            self.assertEqual(process.stdout.readline(), b"written\n")
            now = hospes.Traces(self.hospes, self.traces.folders)
            self.assertEqual(now.files, self.traces.files)
            self.assertEqual((now.mounts, now.loops), (self.traces.mounts, self.traces.loops))

    def test_killed_at_any_moment(self):
        moments = random.Random(3)
        for _ in range(self.runs):
            moment = moments.uniform(0, 2.5)
            with self.subTest(moment=moment):
                process = self.hospes.start("sh", "-c", "head -c 5000000 /dev/zero >/x; sleep 60")
                time.sleep(moment)
                process.kill()
                process.communicate()
                self.assertEqual(self.traces.new(), [])

    def test_many_in_a_row(self):
        before = open_descriptors()
        for number in range(self.runs):
            result = self.hospes.shell(f"cat; exit {number % 100}", input=b"%d" % number)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (number % 100, b"%d" % number, b""))
        self.assertEqual(open_descriptors(), before)

    def test_eight_at_once(self):
        script = "read number; echo $number >/mine; sleep 1; cat /mine /proc/sys/kernel/random/boot_id; exit $number"
        processes = [self.hospes.start("sh", "-c", script) for _ in range(8)]
        outputs = []
        for number, process in enumerate(processes):
            process.stdin.write(b"%d\n" % number)
            process.stdin.close()
        for number, process in enumerate(processes):
            with process:
                outputs.append(process.stdout.read())
                self.assertEqual((process.wait(hospes.LIMIT), process.stderr.read()), (number, b""))
        self.assertEqual([output.split()[0] for output in outputs], [b"%d" % number for number in range(8)])
        self.assertEqual(len({output.split()[1] for output in outputs}), 8)

    def test_the_vmm_gets_nothing_of_ours(self):
        """No descriptor but its own, though we have one open for every child."""
        with tempfile.TemporaryFile() as secret:
            os.set_inheritable(secret.fileno(), True)
            with hospes.running(self.hospes, "sleep 60", close_fds=False):
                vmm = hospes.vmm_of(self.hospes)
                mine = os.readlink(f"/proc/self/fd/{secret.fileno()}")
                theirs = [os.readlink(entry) for entry in pathlib.Path(f"/proc/{vmm}/fd").iterdir()]
                self.assertNotIn(mine, theirs)
                self.assertNotEqual(os.getpgid(vmm), os.getpgid(0))


class Damage(unittest.TestCase):
    """On a copy of the store."""

    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def run_in(self, store, *command, **keywords):
        return self.hospes.run(*command, options=("--pull", "never"), env={"XDG_DATA_HOME": str(store)},
                               **keywords)

    def test_each_file_of_an_image(self):
        with hospes.private_store() as store:
            self.assertEqual(self.run_in(store, "true").returncode, 0)
            blobs = sorted((store / "hospes/blobs/sha256").iterdir())
            refused = 0
            for blob in blobs:
                blob.chmod(0o600)
                content = blob.read_bytes()
                place = len(content) * 2 // 3
                blob.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1:])
                result = self.run_in(store, "echo", "started")
                blob.write_bytes(content)
                if result.returncode == 0:
                    continue  # another image's
                refused += 1
                self.assertEqual((result.returncode, result.stdout), (125, b""), result.stderr)
                self.assertRegex(result.stderr, rb"^hospes: .*micro.*damaged[^\n]*\n$")
            self.assertEqual(refused, 5)  # a manifest and four files
            self.assertEqual(self.run_in(store, "true").returncode, 0)


@unittest.skipIf(os.geteuid() != 0, "mounting a small file system needs root")
class FullDisk(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def mount(self, room):
        """A store on a file system with `room` MiB left in it."""
        where = tempfile.mkdtemp(prefix="small-")
        self.addCleanup(os.rmdir, where)
        size = sum(path.stat().st_size for path in (hospes.data_folder() / "blobs").rglob("*"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size // 1024 + room * 1024}k", "none", where], check=True)
        self.addCleanup(subprocess.run, ["umount", where], check=True)
        return where

    def test_while_it_runs(self):
        where = self.mount(20)
        with hospes.private_store(below=where) as store:
            result = self.hospes.shell("head -c 100000000 /dev/zero >/x; sync; echo went on", options=("--pull", "never"),
                                       env={"XDG_DATA_HOME": str(store)})
            self.assertIn(b"hospes: the host's disk is full", result.stderr)
            self.assertEqual(result.stderr.count(b"disk is full"), 1, result.stderr)
            self.assertIn(b"went on", result.stdout)

    def test_before_it_starts(self):
        where = self.mount(1)
        with hospes.private_store(below=where) as store:
            with open(f"{where}/rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
                while True:
                    rest.write(bytes(4096))
            result = self.hospes.run("true", options=("--pull", "never"), env={"XDG_DATA_HOME": str(store)})
            os.unlink(f"{where}/rest")
        self.assertEqual(result.returncode, 125)
        self.assertRegex(result.stderr, rb"^hospes: [^\n]*[Nn]o space left[^\n]*\n$")


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class OrdinaryUser(unittest.TestCase):
    program = None

    def test_works(self):
        with hospes.private_store(owner=NOBODY) as store:
            prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            words = hospes.Hospes(self.program).shell_words("id -u; modprobe dummy; cat; echo x >/x; exit 3")
            environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "XDG_DATA_HOME": str(store)}
            result = subprocess.run(prefix + words, input=b"text", capture_output=True, env=environment,
                                    timeout=hospes.LIMIT, check=False)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (3, b"0\ntext", b""))
            self.assertEqual(os.listdir(store / "hospes/run"), [])
            self.assertEqual((store / "hospes/run").stat().st_mode & 0o777, 0o700)


@unittest.skipIf(os.geteuid() != 0, "a network namespace needs root")
class NoNetwork(unittest.TestCase):
    program = None

    def test_works_without(self):
        words = hospes.Hospes(self.program).words(["echo", "fine"], ("--pull", "never"))
        result = subprocess.run(["unshare", "--net", *words], stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=hospes.LIMIT, check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"fine\n", b""))


if __name__ == "__main__":
    for case in (Traces, Damage, FullDisk, OrdinaryUser, NoNetwork):
        case.program = sys.argv[1]
    if sys.argv[2:3] == ["--runs"]:
        Traces.runs = int(sys.argv[3])
        del sys.argv[2:4]
    del sys.argv[1]
    unittest.main(verbosity=2)
