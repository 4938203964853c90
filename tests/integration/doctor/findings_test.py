#!/usr/bin/env python3
"""What `hospes doctor` finds on this host, and on one that namespaces make look worse.

usage: findings_test.py build/release/bin/hospes [unittest options]
"""
import os
import sys
import unittest

from doctor import NOBODY, Doctor

SEVERITIES = {"ok", "note", "warning", "problem"}
# A /dev of its own, in which /dev/kvm is what is made of it.
PRIVATE_DEV = "mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9; "


class Here(unittest.TestCase):
    program = None

    def setUp(self):
        self.doctor = Doctor(self.program)
        self.addCleanup(self.doctor.close)


class Shape(Here):
    def test_schema(self):
        seen = self.doctor.examine()
        self.assertEqual(list(seen.value), ["schema", "engine", "speed", "findings"])
        self.assertEqual(seen.value["schema"], 1)
        self.assertIn(seen.value["engine"]["name"], {"translator", "kvm"})
        self.assertEqual(seen.value["speed"],
                         {"workload": "hospes-speed 1", "measured": False, "why": "not asked for"})
        for one in seen.value["findings"]:
            self.assertEqual(list(one), ["code", "severity", "summary", "cost", "mend"])
            self.assertIn(one["severity"], SEVERITIES)
            self.assertRegex(one["code"], r"^[a-z_0-9]+(\.[a-z0-9-]+)+$")
            self.assertTrue(one["severity"] == "ok" or one["cost"] or one["mend"], one)
        self.assertEqual(seen.stderr, "")

    def test_status_is_that_of_the_worst(self):
        seen = self.doctor.examine()
        problem = any(one["severity"] == "problem" for one in seen.value["findings"])
        self.assertEqual(seen.status, 1 if problem else 0)

    def test_every_topic_is_looked_at(self):
        areas = {code.split(".")[0] for code in self.doctor.examine().findings}
        for area in ("kvm", "cpu", "cgroup", "memory", "hugepages", "disk", "io_uring", "userns", "subids", "landlock",
                     "seccomp", "speculation", "images", "package"):
            self.assertIn(area, areas)

    def test_piped_text_is_plain(self):
        result = self.doctor.run("--no-speed", environment={"TERM": "xterm-256color", "NO_COLOR": None})
        self.assertRegex(result.stdout, r"^Hospes (will use|cannot run).*\.\n\nEngine\n  \w+ +/dev/kvm ")
        self.assertNotIn("\x1b", result.stdout)
        self.assertEqual(result.stderr, "")
        self.assertLessEqual(max(map(len, result.stdout.splitlines())), 120)

    def test_bad_option(self):
        result = self.doctor.run("--fast")
        self.assertEqual((result.returncode, result.stdout), (2, ""))


class Images(Here):
    def test_none(self):
        seen = self.doctor.examine("--json")
        self.assertEqual(seen.mend("images.none"), "hospes image build micro")
        self.assertEqual(seen.mend("speed.not-measured"), "hospes image build micro")
        self.assertFalse(seen.value["speed"]["measured"])
        self.assertIn("no image", seen.value["speed"]["why"])

    def test_damaged(self):
        refs = self.doctor.data / "hospes" / "refs"
        refs.mkdir(parents=True)
        (refs / "micro").write_text("nonsense", encoding="ascii")
        seen = self.doctor.examine()
        self.assertEqual(seen.severity("images.damaged"), "warning")
        self.assertEqual(seen.mend("images.damaged"), "hospes image build --force micro")

    def test_no_data_folder(self):
        seen = self.doctor.examine(environment={"XDG_DATA_HOME": "/proc/version"})
        self.assertEqual((seen.status, seen.severity("images.unusable")), (1, "problem"))

    def test_no_tools_in_path(self):
        seen = self.doctor.examine(environment={"PATH": "/nonexistent"})
        self.assertEqual(seen.severity("package.missing"), "warning")
        self.assertIn("mmdebstrap", seen.findings["package.missing"]["summary"])
        self.assertRegex(seen.mend("package.missing"), "apt-get install .*mmdebstrap.*squashfs-tools")


@unittest.skipUnless(os.geteuid() == 0, "needs root, to make this host look different")
class Elsewhere(Here):
    def test_kvm_absent(self):
        seen = self.doctor.examine_after(PRIVATE_DEV)
        self.assertEqual(seen.value["engine"]["name"], "translator")
        self.assertIn("/dev/kvm is absent", seen.value["engine"]["why"])
        self.assertEqual(seen.severity("kvm.absent"), "note")

    def test_kvm_unreadable(self):
        seen = self.doctor.examine_after(PRIVATE_DEV + "touch /dev/kvm; chmod 600 /dev/kvm", prefix=NOBODY)
        self.assertEqual(seen.severity("kvm.no-permission"), "warning")
        self.assertIn("usermod -aG kvm nobody", seen.mend("kvm.no-permission"))
        self.assertEqual(seen.value["engine"]["name"], "translator")

    def test_kvm_broken(self):
        seen = self.doctor.examine_after(PRIVATE_DEV + "touch /dev/kvm")
        self.assertEqual(seen.severity("kvm.broken"), "warning")

    def test_ordinary_user(self):
        seen = self.doctor.examine(prefix=NOBODY)
        self.assertEqual(seen.severity("subids.absent"), "warning")
        self.assertRegex(seen.mend("subids.absent"), r"^(sudo |su -c ').*--add-subuids 100000-165535 .* nobody'?$")
        root = self.doctor.examine(environment={"XDG_DATA_HOME": str(self.doctor.data / "root")})
        self.assertEqual(root.severity("subids.not-needed"), "ok")

    def test_user_namespaces_forbidden(self):
        seen = self.doctor.examine(prefix=["unshare", "--user", "--map-root-user", "sh", "-e", "-c",
                                           'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', "sh"])
        self.assertEqual(seen.mend("userns.unavailable"), "sysctl user.max_user_namespaces=15000")

    def test_disk_full(self):
        seen = self.doctor.examine_after(f"mount -t tmpfs -o size=8m none {self.doctor.data}\n"
                                         f"head -c 9m /dev/zero >{self.doctor.data}/fill 2>&1 || true")
        self.assertEqual((seen.status, seen.severity("disk.low")), (1, "problem"))

    def test_disk_nearly_full(self):
        seen = self.doctor.examine_after(f"mount -t tmpfs -o size=1g none {self.doctor.data}")
        self.assertEqual(seen.severity("disk.low"), "warning")

    def test_no_mke2fs(self):
        seen = self.doctor.examine_after("mount -t tmpfs none /usr/sbin", environment={"PATH": "/usr/bin:/bin"})
        self.assertEqual(seen.status, 1)
        missing = [one for one in seen.value["findings"] if one["code"] == "package.missing"]
        self.assertEqual((missing[0]["severity"], missing[0]["mend"]), ("problem", "apt-get install e2fsprogs"))

    def test_little_memory(self):
        little = "printf 'MemTotal: 500000 kB\\nMemAvailable: 400000 kB\\n' >/tmp/meminfo\n"
        seen = self.doctor.examine_after("mount -t tmpfs none /mnt\n" + little.replace("/tmp", "/mnt") +
                                         "mount --bind /mnt/meminfo /proc/meminfo")
        self.assertEqual(seen.severity("memory.low"), "warning")
        self.assertIn("390 MiB", seen.findings["memory.low"]["summary"])

    def test_huge_pages_off(self):
        setting = "/sys/kernel/mm/transparent_hugepage/enabled"
        if not os.path.exists(setting):
            self.skipTest("this kernel has no transparent huge pages")
        seen = self.doctor.examine_after("mount -t tmpfs none /mnt\necho 'always madvise [never]' >/mnt/enabled\n"
                                         f"mount --bind /mnt/enabled {setting}")
        self.assertEqual(seen.mend("hugepages.off"), f"echo madvise > {setting}")

    def test_cgroup_limits(self):
        # The process's own files in /proc, and a tree as the kernel shows it.
        seen = self.doctor.examine_after("""
            mount -t tmpfs none /mnt
            mkdir -p /mnt/tree/outer.slice/inner
            echo 536870912 >/mnt/tree/outer.slice/memory.max
            echo max >/mnt/tree/outer.slice/inner/memory.max
            echo 50000 100000 >/mnt/tree/outer.slice/inner/cpu.max
            echo 0::/outer.slice/inner >/mnt/cgroup
            echo '30 20 0:26 / /mnt/tree rw - cgroup2 cgroup2 rw' >/mnt/mountinfo
            mount --bind /mnt/cgroup /proc/$$/cgroup
            mount --bind /mnt/mountinfo /proc/$$/mountinfo""")
        self.assertEqual(seen.severity("cgroup.limit.memory"), "warning")
        self.assertIn("512 MiB", seen.findings["cgroup.limit.memory"]["summary"])
        self.assertEqual(seen.mend("cgroup.limit.memory"),
                         "systemctl set-property --runtime outer.slice MemoryMax=infinity")
        self.assertIn("0.5 CPUs", seen.findings["cgroup.limit.cpu"]["summary"])
        self.assertEqual(seen.mend("cgroup.limit.cpu"), "echo max > /mnt/tree/outer.slice/inner/cpu.max")


if __name__ == "__main__":
    Here.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
