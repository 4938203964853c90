#!/usr/bin/env python3
"""`hospes image ls`, `inspect` and `rm` on a copy of the images, and what they say to whom is wrong.

usage: commands_test.py build/release/bin/hospes [unittest options]
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import images  # noqa: E402

hospes = images.hospes
NAMES = ["debian:12", "debian:13", "micro"]
FORM = r"^hospes: \S[^\n]*; \w[^\n]*\n$"


class Commands(unittest.TestCase):
    program = None

    def setUp(self):
        self.images = images.Images(self.program, self.enterContext(hospes.private_store()))

    def refused(self, *words, says=""):
        result = self.images.run(*words)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, FORM)
        self.assertIn(says, result.stderr)

    def test_ls(self):
        self.assertEqual(self.images.run("ls", "--quiet").stdout.split(), NAMES)
        rows = [line.split() for line in self.images.run("ls").stdout.splitlines()]
        self.assertEqual(rows[0], ["NAME", "SIZE", "BUILT", "KERNEL"])
        self.assertEqual([row[0] for row in rows[1:]], NAMES)
        self.assertEqual([entry["name"] for entry in self.images.json("ls")], NAMES)

    def test_inspect(self):
        for name in NAMES:
            image = self.images.json("inspect", name)
            self.assertEqual(image["name"], name)
            self.assertRegex(image["kernel"]["release"], r"^\d+\.\d+\.\d+.*-cloud-amd64$")
            self.assertEqual(set(image["files"]), {"kernel", "boot_modules", "modules", "base"})
            for file in image["files"].values():
                self.assertEqual(pathlib.Path(file["path"]).stat().st_size, file["bytes"])
        self.assertEqual(self.images.json("inspect", "debian"), self.images.json("inspect", "debian:12"))
        self.assertIn("packages:", self.images.run("inspect", "debian").stdout)

    def test_debian_12_and_micro_share_a_kernel(self):
        debian, micro = (self.images.json("inspect", name)["files"] for name in ("debian", "micro"))
        for part in ("kernel", "boot_modules", "modules"):
            self.assertEqual(debian[part], micro[part])
        self.assertNotEqual(debian["base"], micro["base"])

    def test_rm(self):
        translations = self.images.where / "hospes/translations"
        digests = [self.images.json("inspect", name)["digest"] for name in ("micro", "debian")]
        for digest in digests:
            (translations / f"{digest}-0").touch()
        self.assertEqual(self.images.run("rm", "debian:13", "debian").returncode, 0)
        self.assertEqual([path.name for path in translations.iterdir()], [f"{digests[0]}-0"])
        self.assertEqual(self.images.run("ls", "-q").stdout.split(), ["micro"])
        blobs = self.images.where / "hospes/blobs/sha256"
        self.assertEqual(len(list(blobs.iterdir())), 5)
        self.assertEqual(self.images.run("rm", "micro").returncode, 0)
        self.assertEqual(list(blobs.iterdir()), [])
        self.assertEqual(list(translations.iterdir()), [])
        self.refused("rm", "micro", says="hospes image ls")

    def test_names(self):
        self.refused("build", "debian:14", says="debian:13")
        self.refused("build", "../debian", says="not an image name")
        self.refused("inspect", "nothing", says="hospes image ls")

    def test_damage_is_told_and_can_be_removed(self):
        (self.images.where / "hospes/refs/micro").write_text("nonsense")
        self.refused("inspect", "micro", says="hospes image build --force micro")
        listed = self.images.run("ls")
        self.assertRegex(listed.stdout, r"micro +- +- +damaged")
        self.assertIn("hospes image rm micro", listed.stderr)
        self.assertEqual(self.images.run("rm", "micro").returncode, 0)

    def test_inspect_sees_one_changed_bit(self):
        path = pathlib.Path(self.images.json("inspect", "micro")["files"]["modules"]["path"])
        path.chmod(0o600)
        with path.open("r+b") as file:
            file.seek(1_000_000)
            byte = file.read(1)[0]
            file.seek(1_000_000)
            file.write(bytes([byte ^ 4]))
        self.refused("inspect", "micro", says="hospes image build --force micro")

    def test_a_running_vm_keeps_its_image(self):
        machine = self.images.hospes
        with hospes.running(machine, "read word; ls /usr/sbin >/dev/null && modprobe dummy && echo still $word") as vm:
            self.assertEqual(self.images.run("rm", *NAMES).returncode, 0)
            stdout, stderr = vm.communicate(b"here\n", timeout=hospes.LIMIT)
        self.assertEqual((stdout, stderr), (b"still here\n", b""))


if __name__ == "__main__":
    Commands.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
