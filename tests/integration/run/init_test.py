#!/usr/bin/env python3
"""hospes-init in a real VM, over its ports: what every sentence of src/api/session/messages.h promises.

usage: init_test.py --vmm build/release/bin/hospes-vmm --init build/release/bin/hospes-init --guest DIRECTORY
       [unittest options]                    DIRECTORY: made by scripts/fetch-guest
"""
import argparse
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import process_vm  # noqa: E402
from process_vm import ProcessVm  # noqa: E402

FETCH = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "fetch-guest"
LARGE = 8 << 20


class InitTest(unittest.TestCase):
    program = images = None

    def vm(self, **options):
        return ProcessVm(self.program, self.images, **options)

    def run_command(self, *words, feed=b"", **settings):
        """(standard output, standard error, (status, signal)) of a command that starts."""
        with self.vm() as vm:
            self.assertEqual(vm.start(*words, **settings)[0], process_vm.STARTED)
            if feed:
                vm.sockets["stdin"].sendall(feed)
            vm.close_input()
            return vm.read_all("stdout"), vm.read_all("stderr"), vm.end()

    def output_of(self, script, **settings):
        """Standard output of a shell script that succeeds silently."""
        output, error, end = self.run_command("sh", "-c", script, **settings)
        self.assertEqual((error, end), (b"", (0, 0)), output)
        return output.decode()


class Ends(InitTest):
    def test_status(self):
        self.assertEqual(self.run_command("sh", "-c", "exit 7"), (b"", b"", (7, 0)))

    def test_signal(self):
        self.assertEqual(self.run_command("sh", "-c", "kill -SEGV $$")[2], (0, signal.SIGSEGV))

    def test_what_is_left_running_ends_too(self):
        began = time.monotonic()
        output, _, end = self.run_command("sh", "-c", "(trap '' HUP TERM; sleep 600) & echo done")
        self.assertEqual((output, end), (b"done\n", (0, 0)))
        self.assertLess(time.monotonic() - began, 60)

    def test_orphans_are_reaped(self):
        script = "for i in 1 2 3 4 5; do (true &) ; done; sleep 0.3; cat /proc/[0-9]*/stat | grep -c ' Z ' || true"
        self.assertEqual(self.output_of(script), "0\n")

    def test_end_of_the_control_port_powers_off(self):
        with self.vm() as vm:
            self.assertEqual(vm.start("sleep", "600")[0], process_vm.STARTED)
            vm.sockets["control"].close()
            self.assertEqual(vm.process.wait(30), 0)

    def test_nonsense_from_the_host_powers_off(self):
        with self.vm() as vm:
            vm.receive()
            vm.send(b"\xff" * 100)
            self.assertEqual(vm.process.wait(30), 0)

    def test_second_start_powers_off(self):
        with self.vm() as vm:
            vm.start("sleep", "600")
            vm.send(process_vm.start_frame(["true"]))
            self.assertEqual(vm.process.wait(30), 0)


class Failures(InitTest):
    def failure(self, *words, **settings):
        with self.vm() as vm:
            kind, fields = vm.start(*words, **settings)
            self.assertEqual(kind, process_vm.FAILED)
            self.assertEqual(vm.read_all("stdout"), b"")
            return fields[0], fields[5:].decode()

    def test_not_found(self):
        self.assertEqual(self.failure("no-such-command"), (process_vm.NOT_FOUND, "not found in PATH"))
        self.assertEqual(self.failure("/srv/none"), (process_vm.NOT_FOUND, "No such file or directory"))

    def test_not_executable(self):
        for path, why in (("/srv/plain", "Permission denied"), ("/srv", "Is a directory"),
                          ("/srv/binary", "Exec format error"), ("/srv/lost", "interpreter")):
            with self.subTest(path=path):
                kind, reason = self.failure(path)
                self.assertEqual(kind, process_vm.NOT_EXECUTABLE)
                self.assertIn(why, reason)

    def test_user(self):
        kind, reason = self.failure("true", user="nobody-here")
        self.assertEqual(kind, process_vm.BAD_USER)
        self.assertIn('"nobody-here"', reason)
        self.assertEqual(self.failure("true", user="web:none")[0], process_vm.BAD_USER)

    def test_directory(self):
        kind, reason = self.failure("true", directory="/none")
        self.assertEqual((kind, reason), (process_vm.BAD_DIRECTORY, "No such file or directory"))


class Streams(InitTest):
    def test_separate_output_and_error(self):
        self.assertEqual(self.run_command("sh", "-c", "echo out; echo err >&2"), (b"out\n", b"err\n", (0, 0)))

    def test_large_binary_both_ways(self):
        data = os.urandom(LARGE)
        with self.vm() as vm:
            self.assertEqual(vm.start("cat")[0], process_vm.STARTED)
            writer = threading.Thread(target=lambda: (vm.sockets["stdin"].sendall(data), vm.close_input()))
            writer.start()
            output = vm.read_all("stdout")
            writer.join()
            self.assertTrue(output == data, f"{len(output)} bytes came back")
            self.assertEqual(vm.end(), (0, 0))

    def test_end_of_input(self):
        self.assertEqual(self.run_command("wc", "-c", feed=b"12345"), (b"5\n", b"", (0, 0)))

    def test_no_input(self):
        self.assertEqual(self.run_command("wc", "-c"), (b"0\n", b"", (0, 0)))

    def test_streams_that_end_before_the_start(self):
        with self.vm() as vm:
            vm.close_input()
            vm.sockets["stderr"].close()
            time.sleep(0.5)
            vm.start("sh", "-c", "trap '' PIPE; wc -c; echo lost >&2")
            self.assertEqual((vm.read_all("stdout"), vm.end()), (b"0\n", (1, 0)))

    def test_command_closes_its_input(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "exec <&-; sleep 1; echo end")
            vm.sockets["stdin"].sendall(bytes(4 << 20))
            self.assertEqual((vm.read_all("stdout"), vm.end()), (b"end\n", (0, 0)))

    def test_command_closes_its_output(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "echo one; exec >&-; read wait; exit 3")
            self.assertEqual(vm.read_all("stdout"), b"one\n")
            vm.close_input()
            self.assertEqual(vm.end(), (3, 0))

    def test_slow_reader(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "seq 1000000; echo all written >&2")
            vm.sockets["stderr"].settimeout(1)
            with self.assertRaises(TimeoutError):
                vm.sockets["stderr"].recv(1)
            numbers = vm.read_all("stdout").split()
            self.assertEqual(numbers, [b"%d" % n for n in range(1, 1000001)])
            vm.sockets["stderr"].settimeout(60)
            self.assertEqual((vm.read_all("stderr"), vm.end()), (b"all written\n", (0, 0)))

    def test_reader_goes_away(self):
        with self.vm() as vm:
            vm.start("yes")
            self.assertEqual(vm.sockets["stdout"].recv(2), b"y\n")
            vm.sockets["stdout"].close()
            self.assertEqual(vm.end(), (0, signal.SIGPIPE))

    def test_standard_streams_can_be_opened(self):
        script = "echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin"
        for user in ("root", "web"):
            with self.subTest(user=user):
                output, error, end = self.run_command("sh", "-c", script, feed=b"in\n", user=user)
                self.assertEqual((output, error, end), (b"out\nin\n", b"err\n", (0, 0)))


class Surroundings(InitTest):
    def test_root(self):
        said = self.output_of("id -u; id -g; pwd; echo $HOME $USER $LOGNAME; echo $PATH; hostname; umask; ulimit -n")
        self.assertEqual(said, "0\n0\n/root\n/root root root\n"
                               "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nbox\n0022\n1024\n")

    def test_user(self):
        said = self.output_of("id -u; id -g; id -G; pwd; echo $HOME $USER", user="web")
        self.assertEqual(said, "1000\n1001\n1001 1002\n/home/web\n/home/web web\n")

    def test_user_and_group(self):
        self.assertEqual(self.output_of("id -u; id -G", user="web:extra"), "1000\n1002\n")
        self.assertEqual(self.output_of("id -u; id -G; pwd", user="4321:77"), "4321\n77\n/\n")

    def test_environment_and_directory(self):
        said = self.output_of("pwd; echo $A; echo $PATH", environment=["A=b c", "PATH=/bin"], directory="/srv")
        self.assertEqual(said, "/srv\nb c\n/bin\n")

    def test_script_without_interpreter(self):
        self.assertEqual(self.run_command("/srv/script", "it")[0], b"by /srv/script with it\n")

    def test_file_systems(self):
        said = self.output_of("mount; df -k / | tail -n 1; touch /etc/new /tmp/new /lib/new; ls /lib/modules")
        for line in ("overlay on / type overlay", "proc on /proc type proc", "sysfs on /sys type sysfs",
                     "devpts on /dev/pts type devpts", "tmpfs on /dev/shm type tmpfs", "tmpfs on /run type tmpfs",
                     "cgroup2 on /sys/fs/cgroup type cgroup2"):
            self.assertIn(line, said)
        self.assertEqual(said.splitlines()[-1], process_vm.VERSION)

    def test_a_kernel_of_its_own(self):
        said = self.output_of(f"cat /proc/sys/kernel/random/boot_id; insmod /lib/modules/{process_vm.VERSION}/loop.ko; "
                              "lsmod | grep -c ^loop")
        boot_id, loaded = said.split()
        self.assertNotEqual(boot_id, pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        self.assertEqual(loaded, "1")

    def test_network_files_and_time_zone(self):
        said = self.output_of("cat /etc/hosts /etc/resolv.conf /etc/localtime; ip addr show lo; ping -c 1 127.0.0.1",
                              local_time=b"TZif-content\n")
        for line in ("127.0.0.1\tlocalhost", "127.0.1.1\tbox", "TZif-content", "inet 127.0.0.1/8",
                     "1 packets received"):
            self.assertIn(line, said)

    def test_signals_are_as_ever(self):
        said = self.run_command("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")[0]
        self.assertEqual(re.findall(rb"[0-9a-f]{16}", said), [b"0" * 16] * 2)


class Signals(InitTest):
    def test_to_the_command(self):
        with self.vm() as vm:
            vm.start("sleep", "600")
            vm.send(process_vm.frame(process_vm.SIGNAL, bytes([signal.SIGTERM])))
            self.assertEqual(vm.end(), (0, signal.SIGTERM))

    def test_interrupt_goes_to_the_group(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "trap 'exit 5' INT; echo up; while :; do sleep 1; done")
            self.assertEqual(vm.sockets["stdout"].recv(100), b"up\n")
            vm.send(process_vm.frame(process_vm.SIGNAL, bytes([signal.SIGINT])))
            self.assertEqual(vm.end(), (5, 0))

    def test_odd_numbers_do_nothing(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "read wait; exit 4")
            for number in (0, 65, 255):
                vm.send(process_vm.frame(process_vm.SIGNAL, bytes([number])))
            vm.close_input()
            self.assertEqual(vm.end(), (4, 0))


class Terminal(InitTest):
    def read_until(self, vm, wanted):
        seen = b""
        while wanted not in seen:
            more = vm.sockets["stdout"].recv(4096)
            self.assertNotEqual(more, b"", seen)
            seen += more
        return seen

    def test_size_and_job_control(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "tty; stty size; read line; echo got $line; stty size; : </dev/tty && echo its own",
                     terminal=(33, 77))
            self.assertIn(b"/dev/pts/0\r\n33 77\r\n", self.read_until(vm, b"33 77\r\n"))
            vm.send(process_vm.frame(process_vm.WINDOW_SIZE, struct.pack("<HH", 50, 132)))
            time.sleep(0.5)
            vm.sockets["stdin"].sendall(b"typed\r")
            self.assertIn(b"typed\r\ngot typed\r\n50 132\r\nits own\r\n", vm.read_all("stdout"))
            self.assertEqual(vm.end(), (0, 0))

    def test_interrupt_key(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "trap 'echo caught; exit 9' INT; echo up; while :; do sleep 1; done", terminal=(24, 80))
            self.read_until(vm, b"up\r\n")
            vm.sockets["stdin"].sendall(b"\x03")
            self.assertIn(b"caught", vm.read_all("stdout"))
            self.assertEqual(vm.end(), (9, 0))

    def test_end_of_input_is_ctrl_d(self):
        with self.vm() as vm:
            vm.start("cat", terminal=(24, 80), user="web")
            vm.sockets["stdin"].sendall(b"line\n")
            self.read_until(vm, b"line\r\nline\r\n")
            vm.close_input()
            self.assertEqual(vm.end(), (0, 0))

    def test_hang_up(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "echo up; sleep 600", terminal=(24, 80))
            self.read_until(vm, b"up\r\n")
            vm.sockets["stdout"].close()
            self.assertEqual(vm.end(), (0, signal.SIGHUP))

    def test_much_output_arrives_whole(self):
        with self.vm() as vm:
            vm.start("sh", "-c", "seq 100000", terminal=(24, 80))
            self.assertEqual(vm.read_all("stdout").split(), [b"%d" % n for n in range(1, 100001)])
            self.assertEqual(vm.end(), (0, 0))


class Broken(InitTest):
    def test_disk_that_is_no_image(self):
        broken = process_vm.Images.__new__(process_vm.Images)
        broken.__dict__.update(self.images.__dict__)
        broken.userland = self.images.where / "broken"
        broken.userland.write_bytes(bytes(1 << 20))
        with ProcessVm(self.program, broken) as vm:
            kind, fields = vm.start("true")
            self.assertEqual((kind, fields[0]), (process_vm.FAILED, process_vm.SETUP))
            self.assertIn(b"/dev/vda", fields)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--init", required=True)
    parser.add_argument("--guest", default="bookworm", help="a suite of scripts/fetch-guest")
    options, rest = parser.parse_known_args()
    guest = subprocess.run([FETCH, options.guest], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="hospes-init-") as where:
        InitTest.program = pathlib.Path(options.vmm).resolve()
        InitTest.images = process_vm.Images(guest, options.init, where)
        unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
