"""Runs one guest to its end under hospes-vmm, or under QEMU to learn whether a failure is the test's own."""
import collections
import dataclasses
import pathlib
import shutil
import signal
import subprocess
import threading
import time

# How hospes-vmm ends; the guest's own debug-exit gives (value << 1) | 1.
POWERED_OFF, RESET, TRIPLE_FAULT, ERROR = 0, 3, 4, 125

Disk = collections.namedtuple("Disk", "path readonly", defaults=(False,))


@dataclasses.dataclass
class Guest:
    """What a VM is started with."""

    kernel: pathlib.Path
    initrd: pathlib.Path | None = None
    disks: tuple = ()
    memory: int = 256
    cpus: int = 1
    cmdline: str = ""
    options: tuple = ()


@dataclasses.dataclass
class Result:
    """How it went. lines: (host seconds since the start, text) of the guest's serial port."""

    lines: list
    status: int | None
    stderr: str
    seconds: float
    timed_out: bool = False

    def text(self):
        return "\n".join(text for _, text in self.lines)

    def tail(self, count=25):
        shown = [text for _, text in self.lines[-count:]]
        return "\n".join([*shown, f"-- status {self.status}, after {self.seconds:.1f} s, stderr:", self.stderr])


def without_lacks(stderr):
    """What hospes-vmm said, but for the lines on what this host lacks of the sandbox."""
    return "".join(line for line in stderr.splitlines(True) if not line.startswith("hospes-vmm: sandbox: this host lacks"))


def hospes_command(program, guest, engine="translator"):
    words = [program, "--engine", engine, "--kernel", guest.kernel]
    if guest.initrd:
        words += ["--initrd", guest.initrd]
    for disk in guest.disks:
        words += ["--disk", f"{disk.path},readonly=on" if disk.readonly else disk.path]
    words += ["--memory", guest.memory, "--cpus", guest.cpus, "--cmdline", guest.cmdline, *guest.options]
    return [str(word) for word in words]


def qemu_command(program, guest):
    # Without cx16: QEMU 7.2 corrupts its flags, which crashes one boot in six of Debian 13's slab allocator.
    words = [program, "-accel", "tcg", "-cpu", "Nehalem,-cx16", "-nodefaults", "-no-user-config", "-no-reboot", "-display",
             "none", "-serial", "stdio", "-m", f"{guest.memory}M", "-smp", guest.cpus,
             "-kernel", guest.kernel, "-append", guest.cmdline,
             "-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-chardev", "null,id=hvc0",
             "-device", "virtconsole,chardev=hvc0"]
    if guest.initrd:
        words += ["-initrd", guest.initrd]
    for number, disk in enumerate(guest.disks):
        readonly = "on" if disk.readonly else "off"
        words += ["-drive", f"if=none,id=d{number},file={disk.path},format=raw,readonly={readonly}",
                  "-device", f"virtio-blk-pci,drive=d{number}"]
    return [str(word) for word in words]


class Vmm:
    """A program that runs guests: a path to hospes-vmm, or "qemu"."""

    def __init__(self, program):
        self.is_qemu = program == "qemu"
        self.program = shutil.which("qemu-system-x86_64") if self.is_qemu else str(pathlib.Path(program).resolve())

    def command(self, guest):
        return (qemu_command if self.is_qemu else hospes_command)(self.program, guest)

    def run(self, guest, limit=120, on_line=None):
        """Runs to the end, or until `limit` seconds have passed. on_line(pid, text) sees each serial line at once."""
        began = time.monotonic()
        process = subprocess.Popen(self.command(guest), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        lines, errors = [], []

        def read_serial():
            for raw in iter(process.stdout.readline, b""):
                lines.append((time.monotonic() - began, raw.decode("utf-8", "replace").rstrip()))
                if on_line:
                    on_line(process.pid, lines[-1][1])

        readers = [threading.Thread(target=read_serial, daemon=True),
                   threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True)]
        for reader in readers:
            reader.start()
        timed_out = False
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            timed_out = True
            process.send_signal(signal.SIGKILL)
            process.wait()
        for reader in readers:
            reader.join(5)
        stderr = without_lacks(b"".join(errors).decode("utf-8", "replace")).strip()
        return Result(lines, process.returncode, stderr, time.monotonic() - began, timed_out)
