#!/usr/bin/env python3
"""What the options change in the VM, what the defaults are, and that it is a VM.

usage: settings_test.py build/release/bin/hospes [unittest options]
"""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402


class Settings(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def says(self, script, *options, image=None, **keywords):
        result = self.hospes.shell(script, options=options, image=image, **keywords)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode().rstrip("\n")

    def test_defaults(self):
        out = self.says("id -u; id -g; pwd; echo $HOME $LANG; hostname; nproc")
        self.assertEqual(out, "0\n0\n/root\n/root C.UTF-8\nmicro\n1")

    def test_nothing_of_the_hosts_environment(self):
        environment = {"SECRET": "x", "LC_ALL": "de_DE.UTF-8"}
        self.assertEqual(self.says("echo \"$SECRET$LC_ALL$TERM\"", env=environment), "")

    def test_environment(self):
        environment = {"HERE": "from here"}
        environment.pop("NOT_HERE", None)
        out = self.says("echo \"$A|$B|$HERE|${NOT_HERE-unset}|$LANG\"", "-e", "A=1", "--env", "B=x y=z", "-e", "HERE", "-e",
                        "NOT_HERE", "-e", "LANG=C", env=environment)
        self.assertEqual(out, "1|x y=z|from here|unset|C")

    def test_folder_and_user(self):
        self.assertEqual(self.says("pwd", "-w", "/tmp"), "/tmp")
        self.assertEqual(self.says("id -u; id -g", "-u", "1234:56"), "1234\n56")
        self.assertEqual(self.says("id -u; touch /tmp/mine && echo ok", "-u", "65534"), "65534\nok")

    def test_user_by_name(self):
        out = self.says("whoami; echo $HOME; pwd", "-u", "nobody", image="debian")
        self.assertEqual(out.splitlines()[:2], ["nobody", "/nonexistent"])

    def test_name(self):
        self.assertEqual(self.says("hostname; cat /proc/sys/kernel/hostname", "--name", "web-1"), "web-1\nweb-1")

    def test_cpus(self):
        out = self.says("nproc; for cpu in 0 1; do taskset -c $cpu sh -c 'cut -d \" \" -f 39 /proc/self/stat' & done; wait",
                        "--cpus", "2")
        self.assertEqual((out.splitlines()[0], sorted(out.splitlines()[1:])), ("2", ["0", "1"]))

    def test_memory(self):
        script = "awk '/MemTotal/ {print $2}' /proc/meminfo"
        for option, mebibytes in ((None, 512), ("256", 256), ("1G", 1024)):
            with self.subTest(option=option):
                total = int(self.says(script, *(("--memory", option) if option else ()))) / 1024
                self.assertTrue(mebibytes * 0.8 < total <= mebibytes, total)

    def test_disk_size(self):
        script = "df -k / | awk 'END {print $2}'"
        self.assertTrue(9.5 < int(self.says(script)) / 2**20 <= 10)
        self.assertTrue(50 < int(self.says(script, "--disk-size", "64")) / 1024 <= 64)

    def test_layer_is_a_disk_and_not_memory(self):
        out = self.says("head -c 700000000 /dev/zero >/big && sync && wc -c </big; df -T / | grep -c tmpfs || true", "--memory", "256")
        self.assertEqual(out, "700000000\n0")

    def test_locale(self):
        self.assertEqual(self.says("locale charmap", image="debian"), "UTF-8")

    def test_time_zone(self):
        summer = "date -d @1751371200 +%H:%M"  # 2025-07-01 12:00 UTC
        self.assertEqual(self.says(summer, image="debian"), subprocess.check_output(summer, shell=True, text=True).strip())
        environment = {"TZ": "UTC-5:30"}
        self.assertEqual(self.says("date -d @1751371200 +%H:%M", env=environment), "17:30")

    def test_words_arrive_as_they_are(self):
        words = ["", " ", "a b", "*", "$HOME", "'\"", "-n", "--", "\\", "ä\n"]
        result = self.hospes.run("printf", "<%s>", *words)
        self.assertEqual(result.stdout.decode(), "".join(f"<{word}>" for word in words))

    def test_without_a_command_there_is_a_shell(self):
        for image, shell in (("micro", b"sh"), ("debian", b"bash")):
            with self.subTest(image=image):
                words = [self.program, "run", image]
                result = subprocess.run(words, input=b"basename $(readlink /proc/$$/exe); exit 9",
                                               capture_output=True, timeout=hospes.LIMIT, check=False)
                self.assertEqual(result.returncode, 9, result.stderr)
                self.assertIn(result.stdout.strip(), (shell, b"busybox", b"dash"))

    def test_console_is_shown_if_asked_for(self):
        result = self.hospes.run("true", options=("--verbose",))
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"Linux version", result.stderr)


class Machine(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def says(self, script, image=None):
        result = self.hospes.shell(script, image=image)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode().rstrip("\n")

    def test_kernel_is_the_guests(self):
        host = pathlib.Path("/proc/version").read_text(encoding="ascii").strip()
        version, release = self.says("cat /proc/version; uname -r").splitlines()
        self.assertNotEqual(version, host)
        self.assertIn("Debian", version)
        self.assertNotEqual(release, os.uname().release)

    def test_every_run_is_another_boot(self):
        host = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        ids = {self.says("cat /proc/sys/kernel/random/boot_id") for _ in range(2)} | {host}
        self.assertEqual(len(ids), 3)

    def test_modules_load(self):
        for image in ("micro", "debian"):
            with self.subTest(image=image):
                out = self.says("modprobe dummy && grep -c '^dummy ' /proc/modules && cat /sys/module/dummy/refcnt", image)
                self.assertEqual(out, "1\n0")

    def test_what_is_written_is_gone_the_next_time(self):
        self.assertEqual(self.says("echo x >/etc/mine; rm -rf /bin/ls; cat /etc/mine"), "x")
        self.assertEqual(self.says("ls /etc/mine 2>/dev/null || echo gone"), "gone")

    def test_init_is_ours(self):
        self.assertNotEqual(self.says("cat /proc/1/comm"), "systemd")


if __name__ == "__main__":
    Settings.program = Machine.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
