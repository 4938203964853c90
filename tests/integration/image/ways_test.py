#!/usr/bin/env python3
"""Each way to make a Debian userland gives a working one: as root, in a user namespace, inside a VM. Needs the package
archive, and root to become other users.

usage: ways_test.py build/release/bin/hospes [unittest options]
"""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import images  # noqa: E402

# What a broken bootstrap would not do: the dynamic linker, users, a package manager that is content, modules.
CHECK = ("set -e; . /etc/os-release; dpkg --audit; dpkg -l | grep -c '^ii'; id -u man; modprobe dummy; ls -l /etc/shadow; "
         "cat /etc/apt/sources.list; test ! -e /etc/dpkg/dpkg.cfg.d/99mmdebstrap; test ! -s /etc/machine-id; "
         "test \"$(find / -xdev -newermt @1686355200 -type f -path '/usr/*' | wc -l)\" = 0; echo $VERSION_ID")


@unittest.skipIf(os.geteuid() != 0, "becoming other users needs root")
class Ways(unittest.TestCase):
    program = None

    def check(self, store, name="debian:12"):
        said = store.hospes.shell(CHECK, image=name)
        self.assertEqual(said.returncode, 0, (said.stdout, said.stderr))
        self.assertEqual(said.stdout.decode().split()[-1], name.split(":")[1])
        self.assertIn(b"http://deb.debian.org/debian-security", said.stdout)

    def test_root(self):
        with images.empty_store(self.program) as store:
            store.json("build", "debian", "--via", "root")
            self.check(store)

    def test_user_namespace(self):
        with images.empty_store(self.program, self.enterContext(images.as_nobody_with_subordinate_ids()), images.NOBODY) as store:
            store.json("build", "debian", "--via", "userns")
            self.check(store)
            self.assertEqual(store.work(), [])

    def test_vm(self):
        for name in ("debian:12", "debian:13"):
            with self.subTest(name=name), images.empty_store(self.program, images.as_nobody(), images.NOBODY) as store:
                result = store.run("build", name)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn("user namespace does not work here", result.stderr)
                self.assertIn("in a VM", result.stderr)
                self.check(store, name)

    def test_a_way_that_does_not_work_is_told(self):
        with images.empty_store(self.program, images.as_nobody(), images.NOBODY) as store:
            for way, says in (("root", "not root"), ("userns", "subuid|newuidmap|unshare")):
                result = store.run("build", "debian", "--via", way)
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr.splitlines()[-1], says)
                self.assertEqual(store.work(), [])


if __name__ == "__main__":
    Ways.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
