"""A VM with --gdb, and GDB at it by a script: what both say."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

PROLOGUE = """set pagination off
set confirm off
set architecture i386:x86-64
"""


class Debugged:
    """A VM that waits for GDB on a socket of its own."""

    def __init__(self, vmm, options):
        self.where = tempfile.TemporaryDirectory(prefix="hospes-gdb-")
        self.socket = str(pathlib.Path(self.where.name) / "socket")
        engine = os.environ.get("HOSPES_TEST_ENGINE", "translator")
        command = [vmm, "--engine", engine, "--gdb", f"unix:{self.socket}", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.serial = []
        self.on_line = lambda line: None
        self.messages = [self.process.stderr.readline()]
        self.reader = threading.Thread(target=self.read_serial, daemon=True)
        self.reader.start()

    def read_serial(self):
        for line in self.process.stdout:
            self.serial.append(line.rstrip())
            self.on_line(line)

    def gdb(self, script, symbols=None, interrupt_at=None, limit=120):
        """Runs GDB with the script's lines. At the serial line `interrupt_at`, it gets what Ctrl-C is."""
        if shutil.which("gdb") is None:
            raise SystemExit("gdb is missing: scripts/install-packages")
        path = pathlib.Path(self.where.name) / "script"
        path.write_text(PROLOGUE + f"target remote {self.socket}\n" + script)
        command = ["gdb", "-q", "-nx", "-batch", "-x", str(path), *([str(symbols)] if symbols else [])]
        gdb = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", env={**os.environ, "HOME": self.where.name})
        if interrupt_at is not None:
            self.on_line = lambda line: interrupt_at in line and gdb.send_signal(signal.SIGINT)
        try:
            said = gdb.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            gdb.kill()
            said = gdb.communicate()[0] + "\n(gdb did not end in time)"
        return said

    def end(self, limit=120):
        """The VM's exit status. What it wrote is in serial and messages."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "no end"
        self.reader.join()
        self.messages += self.process.stderr.read().splitlines()
        self.where.cleanup()
        return status


class Checks:
    """What a text must hold, in this order."""

    def __init__(self):
        self.failed = 0

    def equal(self, what, got, want):
        if got != want:
            self.failed += 1
            print(f"FAIL {what}: expected {want!r}, got {got!r}")

    def holds(self, text, *patterns):
        at = 0
        for pattern in patterns:
            match = re.compile(pattern, re.MULTILINE).search(text, at)
            if match is None:
                self.failed += 1
                print(f"FAIL not there, or not after the one before: {pattern}")
            else:
                at = match.end()
        if self.failed:
            print(text)
