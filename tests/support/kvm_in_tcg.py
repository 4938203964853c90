#!/usr/bin/env python3
"""Runs a script in a throw-away VM that has a working /dev/kvm, on a machine that has none.

QEMU emulates an AMD processor with SVM; a Debian kernel in that VM loads kvm-amd. All is in an initrd: busybox, the
modules, the files asked for and the shared libraries that they need. Nothing on this machine is changed. Emulation of
an emulator's guest is slow: 30 times slower than the host and more; software breakpoints through KVM do not work.

  kvm_in_tcg.py --file build/release/bin/hospes-vmm -- hospes-vmm --version

As a program: the files land in /work, which is the current directory; stdout, stderr and the status are the command's.
"""
import argparse
import dataclasses
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import guest_image

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ("kvm", "kvm_amd")
DIED, TIMED_OUT = 125, 124

INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
mount -t debugfs debug /sys/kernel/debug
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
ln -s /proc/self/fd /dev/fd
exec 3<>/dev/ttyS1 4<>/dev/ttyS2 5<>/dev/ttyS3
for port in 3 4 5; do stty raw -echo -hupcl <&$port; done
while read -r module; do insmod /lib/modules/$module.ko || echo "no module $module"; done < /lib/modules/order
[ -c /dev/kvm ] && chmod 666 /dev/kvm || echo "no /dev/kvm"
hostname kvm-in-tcg; ip link set lo up
cd /work; export PATH=/bin:/work HOME=/tmp TMPDIR=/tmp
echo "starts at $(cat /proc/uptime)"
sh /script </dev/null >&3 2>&4 3>&- 4>&- 5>&-
echo "status=$?" >&5
echo "ends at $(cat /proc/uptime)"
exec 3>&- 4>&- 5>&-
poweroff -f
"""


@dataclasses.dataclass
class Outcome:
    """What became of the script. status: its own; DIED: the VM ended before it; TIMED_OUT."""

    status: int
    stdout: str
    stderr: str
    console: str

    def tail(self, count=30):
        return "\n".join([f"-- status {self.status}, stdout:", *self.stdout.splitlines()[-count:], "-- stderr:",
                          *self.stderr.splitlines()[-count:], "-- console:", *self.console.splitlines()[-count:]])

    def judge(self, problems, count=60):
        """Prints the problems, and what the VM said last if there are any. The exit status for that."""
        for problem in problems:
            print(f"PROBLEM {problem}")
        if problems:
            print(self.tail(count))
        return 1 if problems else 0


def libraries_of(program):
    """The shared libraries of an ELF file, as this machine resolves them: {path: bytes}."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    paths = re.findall(r"(?:=> |^\s*)(/\S+)", listed, re.MULTILINE)
    return {path.lstrip("/"): pathlib.Path(path).read_bytes() for path in paths}


def directories_of(names):
    """Every directory that the names lie in, parents first."""
    found = set()
    for name in names:
        found.update(str(parent) for parent in pathlib.PurePosixPath(name).parents if str(parent) != ".")
    return sorted(found - set(guest_image.DIRECTORIES))


def build_initrd(guest, script, files):
    """files: {name in /work: path on this machine, or bytes}."""
    content = {"script": script.encode(), "work/.keep": b""}
    for name, source in files.items():
        if isinstance(source, bytes):
            content[f"work/{name}"] = source
            continue
        content[f"work/{name}"] = pathlib.Path(source).read_bytes()
        if content[f"work/{name}"].startswith(b"\x7fELF\x02"):
            content.update(libraries_of(source))
    extra = {name: None for name in directories_of(content)}
    return guest_image.build_initrd(guest, INIT.encode(), {**extra, **content}, MODULES)


def qemu_command(guest, initrd, where, cpus, memory, without):
    # thread=single is faster, but hangs guests of KVM when there are more CPUs.
    threads = "single" if cpus == 1 else "multi"
    command = [shutil.which("qemu-system-x86_64") or "qemu-system-x86_64", "-machine", "q35", "-accel",
               f"tcg,thread={threads},tb-size=512", "-cpu", ",-".join(["max,la57=off", *without]), "-m", str(memory), "-smp", str(cpus),
               "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-kernel", str(guest / "vmlinuz"), "-initrd", str(initrd),
               "-append", "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr no_timer_check audit=0 "
                          "random.trust_cpu=on"]
    for name in ("console", "stdout", "stderr", "status"):
        command += ["-serial", f"file:{where / name}"]
    return command


def run(guest, script, files, cpus=1, memory=1024, limit=240, without=()):
    """Runs a shell script in /work of the VM.

    guest: a directory made by scripts/fetch-guest; without: features that the emulated processor is not to have.
    """
    guest = pathlib.Path(guest)
    with tempfile.TemporaryDirectory(prefix="hospes-kvm-") as directory:
        where = pathlib.Path(directory)
        initrd = where / "initrd"
        initrd.write_bytes(build_initrd(guest, script, files))
        timed_out, errors = False, ""
        try:
            done = subprocess.run(qemu_command(guest, initrd, where, cpus, memory, without), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=limit, check=False)
            errors = "".join(line for line in done.stderr.splitlines(True) if "TCG doesn't support" not in line)
        except subprocess.TimeoutExpired:
            timed_out = True

        def text(name):
            file = where / name
            return file.read_text("utf-8", "replace").replace("\r\n", "\n") if file.exists() else ""

        found = re.search(r"status=(\d+)", text("status"))
        status = int(found.group(1)) if found else TIMED_OUT if timed_out else DIED
        return Outcome(status, text("stdout"), text("stderr"), text("console") + errors)


def fetch(suite="bookworm"):
    """The directory of the kernel that the VM runs."""
    script = HERE.parents[1] / "scripts/fetch-guest"
    return pathlib.Path(subprocess.run([script, suite], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", action="append", default=[], metavar="[NAME=]PATH", help="a file for /work")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--memory", type=int, default=1024, help="MiB")
    parser.add_argument("--without", action="append", default=[], metavar="FEATURE", help="not in the processor")
    parser.add_argument("--limit", type=float, default=240, help="seconds for all of it")
    parser.add_argument("--verbose", action="store_true", help="show the VM's console, too")
    parser.add_argument("command", nargs="+", help="what to run; one word: a shell script")
    options = parser.parse_args()
    files = {}
    for word in options.file:
        name, _, path = word.rpartition("=")
        files[name or pathlib.Path(path).name] = pathlib.Path(path)
    script = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
    outcome = run(fetch(), script, files, options.cpus, options.memory, options.limit, options.without)
    print(outcome.stdout, end="")
    print(outcome.stderr, end="", file=sys.stderr)
    if options.verbose or outcome.status in (DIED, TIMED_OUT):
        print(outcome.console, file=sys.stderr)
    return outcome.status


if __name__ == "__main__":
    sys.exit(main())
