#!/usr/bin/env python3
"""What the process looks like from outside while a guest runs: its memory mappings, and what it says.

usage: process_test.py build/release/bin/hospes-vmm [unittest options]
"""
import collections
import mmap
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tiny_kernel  # noqa: E402
import vmm  # noqa: E402

Mapping = collections.namedtuple("Mapping", "start end permissions inode name")
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+) *(.*)")
CODE_CACHE_MIB = 32


def mappings_of(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        found = [MAPPING.match(line).groups() for line in file]
    return [Mapping(int(start, 16), int(end, 16), *rest) for start, end, *rest in found]


def writable_and_executable(mappings):
    return [mapping for mapping in mappings if "w" in mapping.permissions and "x" in mapping.permissions]


def endless_fault(instruction):
    """A kernel that runs `instruction` for ever: its #UD handler returns to it, with a dot for every 2^12 faults."""
    stack, idt_at, counter_at, handler_at, begin = 0x180000, 0x100, 0x8F0, 0x80, tiny_kernel.LOAD_ADDRESS
    code = b"\x0f\x01\x1d" + struct.pack("<I", begin + idt_at - 8)      # lidt
    code += b"\xbc" + struct.pack("<I", stack)                          # mov esp, stack
    code += tiny_kernel.out_byte(0x3F8, ord(">")) + instruction + b"\xeb" + bytes([-2 - len(instruction) & 0xFF])
    dot = tiny_kernel.out_byte(0x3F8, ord("."))
    counter = struct.pack("<I", begin + counter_at)
    handler = b"\xff\x05" + counter                                     # inc dword [counter]
    handler += b"\x66\xf7\x05" + counter + b"\xff\x0f"                  # test word [counter], 0xfff
    handler += b"\x75" + bytes([len(dot)]) + dot + b"\xcf"              # jnz over the dot; iret
    gate = struct.pack("<HHHH", (begin + handler_at) & 0xFFFF, 0x10, 0x8E00, begin >> 16)
    image = code.ljust(handler_at, b"\0") + handler
    image = image.ljust(idt_at - 8, b"\0") + struct.pack("<HI", 7 * 8 - 1, begin + idt_at) + b"\0\0"
    image += bytes(6 * 8) + gate
    return tiny_kernel.pvh_kernel(image.ljust(counter_at + 4, b"\0"))


class Process(unittest.TestCase):
    program = None

    def setUp(self):
        self.where = pathlib.Path(tempfile.mkdtemp(prefix="hospes-process-"))
        self.addCleanup(shutil.rmtree, self.where)

    def start(self, image, *options):
        """Runs a guest until the test ends; its errors go to a file."""
        kernel = self.where / "kernel"
        kernel.write_bytes(image)
        guest = vmm.Guest(kernel=kernel, memory=64, options=("--code-cache", CODE_CACHE_MIB, *options))
        self.errors = self.where / "errors"
        with open(self.errors, "wb") as errors:
            process = subprocess.Popen(vmm.Vmm(self.program).command(guest), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=errors)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        process.stdout.close()

    def wait_for(self, process, text):
        """Reads the guest's serial port up to `text`."""
        seen = b""
        while text not in seen:
            more = os.read(process.stdout.fileno(), 4096)
            self.assertNotEqual(more, b"", f"it has ended after {seen!r}: {self.errors.read_bytes()!r}")
            seen += more
        return seen


class Mappings(Process):
    def setUp(self):
        super().setUp()
        process = self.start(tiny_kernel.print_and_wait("ready"))
        self.wait_for(process, b"ready")
        self.mappings = mappings_of(process.pid)

    def test_nothing_is_writable_and_executable(self):
        self.assertEqual(writable_and_executable(self.mappings), [])

    def test_code_cache_is_mapped_twice(self):
        cache = [mapping for mapping in self.mappings if mapping.name.startswith("/dev/zero")]
        self.assertEqual(sorted(mapping.permissions for mapping in cache), ["r-xs", "rw-s"], self.mappings)
        self.assertEqual(len({mapping.inode for mapping in cache}), 1, self.mappings)  # the same pages
        for mapping in cache:
            self.assertEqual(mapping.end - mapping.start, CODE_CACHE_MIB << 20, mapping)

    def test_no_other_code_than_files(self):
        for mapping in self.mappings:
            if "x" in mapping.permissions and not mapping.name.startswith("/dev/zero"):
                self.assertRegex(mapping.name, r"^(/|\[vdso\]$|\[vsyscall\]$)")
                self.assertTrue(mapping.permissions.endswith("p"), mapping)

    def test_a_wrong_mapping_is_seen(self):
        before = writable_and_executable(mappings_of("self"))
        wrong = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.assertEqual(len(writable_and_executable(mappings_of("self"))), len(before) + 1)
        wrong.close()


class Log(Process):
    SECONDS, DOTS, MOST_LINES = 1.0, 4, 20  # DOTS: 2^14 faults

    def lines_of(self, instruction, *options):
        """Lines on standard error after a second of faults and more, until there were enough of them."""
        process = self.start(endless_fault(instruction), *options)
        until = time.monotonic() + self.SECONDS
        dots = 0
        while dots < self.DOTS or time.monotonic() < until:
            dots += self.wait_for(process, b".").count(b".")
        self.end(process)
        return len(self.errors.read_bytes().splitlines())

    def test_invalid_instructions_do_not_fill_it(self):
        # ud2; rsm; vmcall; getsec; mov eax, tr0; no instruction; prefixes that do not go together
        for instruction in ("0f0b", "0faa", "0f01c1", "0f37", "0f24c0", "0fff", "f0f30f6fc0"):
            with self.subTest(instruction=instruction):
                self.assertLessEqual(self.lines_of(bytes.fromhex(instruction)), self.MOST_LINES)

    def test_a_flood_is_seen(self):
        self.assertGreater(self.lines_of(bytes.fromhex("0f0b"), "--trace", "faults"), self.MOST_LINES)


if __name__ == "__main__":
    Process.program = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
