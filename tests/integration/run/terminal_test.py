#!/usr/bin/env python3
"""With a terminal it is a terminal: raw here, a real one there; and it is given back as it was.

usage: terminal_test.py build/release/bin/hospes [unittest options]
"""
import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402


class Window:
    """A terminal with a program in it, as a terminal emulator has them."""

    def __init__(self, words, rows=30, columns=100):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(words, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        preexec_fn=self.take_terminal)
        self.seen = b""

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text)

    def expect(self, pattern, limit=60):
        """Waits until the screen shows it, and forgets all up to its end."""
        until = time.monotonic() + limit
        while not (found := re.search(pattern, self.seen)):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} on the screen: {self.seen!r}")
            self.seen += os.read(self.master, 65536)
        self.seen = self.seen[found.end():]
        return found

    def wait(self, limit=30):
        """The status, while the screen is read on."""
        until = time.monotonic() + limit
        while (status := self.process.poll()) is None and time.monotonic() < until:
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)
        return status

    def mode(self):
        return termios.tcgetattr(self.slave)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Terminal(unittest.TestCase):
    program = None

    def setUp(self):
        self.hospes = hospes.Hospes(self.program)

    def open(self, words, **keywords):
        window = Window(words, **keywords)
        self.addCleanup(window.close)
        return window

    def shell(self, script, options=(), **keywords):
        return self.open(self.hospes.shell_words(script, options), **keywords)

    def ends_restored(self, window, status):
        self.assertEqual(window.wait(), status, window.seen)
        self.assertEqual(window.mode(), window.before)

    def test_it_is_a_terminal_of_that_size(self):
        window = self.shell("test -t 0 && test -t 1 && test -t 2 && stty size; echo $TERM; exit 3", rows=33, columns=111)
        window.expect(rb"33 111\r\n")
        self.ends_restored(window, 3)

    def test_size_follows(self):
        window = self.shell("trap 'stty size' WINCH; echo ready; while :; do sleep 0.1; done")
        window.expect(b"ready\r\n")
        window.resize(44, 122)
        window.process.send_signal(signal.SIGWINCH)  # what the kernel sends to the foreground of a real window
        window.expect(rb"44 122\r\n")

    def test_raw_here_and_echo_there(self):
        window = self.shell("read line; echo \"<$line>\"")
        until = time.monotonic() + 60
        while window.mode()[3] & termios.ICANON and time.monotonic() < until:
            time.sleep(0.05)
        self.assertFalse(window.mode()[3] & (termios.ICANON | termios.ECHO | termios.ISIG))
        window.type(b"hello\r")
        window.expect(rb"hello\r\n<hello>\r\n")
        self.ends_restored(window, 0)

    def test_interrupt_key(self):
        window = self.shell("trap 'echo interrupted; exit 4' INT; echo ready; while :; do sleep 0.1; done")
        window.expect(b"ready\r\n")
        window.type(b"\x03")
        window.expect(b"interrupted\r\n")
        self.ends_restored(window, 4)
        window = self.shell("echo ready; exec sleep 60")
        window.expect(b"ready\r\n")
        time.sleep(0.3)
        window.type(b"\x03")
        self.ends_restored(window, 128 + signal.SIGINT)

    def test_end_of_input_key(self):
        window = self.shell("echo ready; cat; echo end")
        window.expect(b"ready\r\n")
        window.type(b"abc\r\x04")
        window.expect(rb"abc\r\nabc\r\nend\r\n")
        self.ends_restored(window, 0)

    def test_job_control_in_the_shell(self):
        window = self.open([self.program, "run", "debian"])
        window.expect(rb"[#$] ")
        window.type(b"sleep 100\r")
        time.sleep(1)
        window.type(b"\x1a")
        window.expect(rb"Stopped +sleep 100")
        window.type(b"bg; jobs\r")
        window.expect(rb"Running +sleep 100")
        window.type(b"kill %1; wait; exit 6\r")
        self.ends_restored(window, 6)

    def test_full_screen_bytes_are_not_changed(self):
        window = self.shell("stty raw -echo; printf 'a\\nb\\n\\033[H<'; head -c 3 | od -An -tx1")
        window.expect(rb"a\nb\n\x1b\[H<")
        window.type(b"\x03\r\x1a")
        window.expect(rb"03 0d 1a")

    def test_options(self):
        window = self.shell("test -t 0 || test -t 1 || echo none", options=("-T",))
        window.expect(b"none")
        self.ends_restored(window, 0)
        result = self.hospes.shell("tty; stty size", options=("-t",))
        self.assertEqual(result.stdout, b"/dev/pts/0\r\n24 80\r\n", result.stderr)
        result = self.hospes.run("true", options=("-t", "-T"))
        self.assertEqual(result.returncode, 125)

    def test_only_one_end_is_a_terminal(self):
        line = shlex.join(self.hospes.shell_words("test -t 0 || test -t 1 || echo none"))
        window = self.open(["sh", "-c", line + " | cat"])
        window.expect(b"none")
        self.ends_restored(window, 0)

    def test_restored_in_every_ending(self):
        def crash(window):
            children = pathlib.Path(f"/proc/{window.process.pid}/task/{window.process.pid}/children")
            os.kill(int(children.read_text(encoding="ascii").split()[0]), signal.SIGKILL)

        endings = {
            "signal": (lambda window: window.process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
            "hang-up": (lambda window: window.process.send_signal(signal.SIGHUP), 128 + signal.SIGHUP),
            "crash of the VMM": (crash, 125),
        }
        for name, (end, status) in endings.items():
            with self.subTest(ending=name):
                window = self.shell("echo ready; exec sleep 60")
                window.expect(b"ready\r\n")
                time.sleep(0.3)
                end(window)
                self.ends_restored(window, status)

    def test_restored_after_a_timeout(self):
        window = self.shell("echo ready; exec sleep 60", options=("--timeout", "10"))
        window.expect(b"ready\r\n")
        self.ends_restored(window, 124)

    def test_failure_is_readable(self):
        window = self.open(self.hospes.words(["no-such-command"]))
        window.expect(rb"hospes: cannot run \"no-such-command\" in micro: [^\r\n]*\r\n")
        self.ends_restored(window, 127)

    def test_stop_gives_the_terminal_back_until_it_goes_on(self):
        window = self.open(["bash", "--norc", "-i"])
        window.type(shlex.join(self.hospes.shell_words("echo re''ady; read line; echo \"<$line>\"")).encode() + b"\r")
        window.expect(b"ready\r\n")
        children = pathlib.Path(f"/proc/{window.process.pid}/task/{window.process.pid}/children")
        cli = int(children.read_text(encoding="ascii").split()[0])
        os.kill(cli, signal.SIGTSTP)
        window.expect(rb"Stopped")
        window.type(b"echo the sh''ell\r")
        window.expect(rb"the shell\r\n")
        window.type(b"fg\r")
        time.sleep(1)
        window.type(b"again\r")
        window.expect(rb"<again>\r\n")
        window.expect(rb"# ")
        window.type(b"exit\r")
        self.ends_restored(window, 0)


if __name__ == "__main__":
    Terminal.program = sys.argv.pop(1)
    unittest.main(verbosity=2)
