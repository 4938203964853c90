#!/usr/bin/env python3
"""A guest with --cpu-model x86-64-v4: the kernel's and the libraries' AVX-512 code computes what this host does.

usage: levels_test.py build/release/bin/hospes [unittest options]
Status 77, which CTest knows, if this host has no AVX-512.
"""
import hashlib
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hospes  # noqa: E402

LEVEL = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
SKIPPED_STATUS = 77


def host_flags():
    with open("/proc/cpuinfo", encoding="ascii") as lines:
        return set(next((line.split() for line in lines if line.startswith("flags")), []))


class LevelFour(unittest.TestCase):
    program = None

    def says(self, script, model="x86-64-v4"):
        options = ("--cpu-model", model)
        result = hospes.Hospes(self.program).shell(script, options=options, image="debian")
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode().rstrip("\n")

    def test_flags(self):
        flags = set(self.says("grep -m1 ^flags /proc/cpuinfo").split())
        self.assertEqual(flags & LEVEL, LEVEL)
        self.assertFalse({flag for flag in flags if flag.startswith("avx512")} - LEVEL)
        self.assertFalse(set(self.says("grep -m1 ^flags /proc/cpuinfo", "x86-64-v3").split()) & LEVEL)

    def test_glibc_sees_it(self):
        self.assertIn("x86-64-v4 (supported", self.says("/lib64/ld-linux-x86-64.so.2 --help"))

    def test_kernel_computes_raid6(self):
        log = self.says("modprobe raid6_pq && dmesg | grep raid6:")
        self.assertIn("avx512x4", log)
        self.assertIn("recovery algorithm", log)

    def test_kernel_tests_its_ciphers(self):
        # chacha20 and poly1305 of these modules have AVX-512 parts, which the kernel tries on vectors of its own.
        script = "modprobe -a chacha-x86_64 poly1305-x86_64 && grep -A3 -E '^name *: (xchacha|chacha|poly1305)' /proc/crypto"
        self.assertIn("simd", self.says(script))

    def test_libraries_compute_what_the_host_does(self):
        numbers = "".join(f"{i}\n" for i in range(1, 200001)).encode()
        script = "seq 1 200000 >/tmp/n; " + "; ".join(
            f"openssl dgst -r -{name} </tmp/n" for name in ("sha256", "sha512", "md5"))
        expected = [hashlib.new(name, numbers).hexdigest() for name in ("sha256", "sha512", "md5")]
        self.assertEqual([line.split()[0] for line in self.says(script).splitlines()], expected)

    def test_sorting_searching_and_ciphers_agree_with_level_three(self):
        script = """seq 1 60000 | sort -k1.2 >/tmp/n; md5sum </tmp/n; sed 's/1\\(2*\\)3/<\\1>/g' /tmp/n | tr 0-4 a-e | cksum
                    key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
                    for cipher in aes-256-ctr aes-256-cbc chacha20; do
                        openssl enc -$cipher -K $key -iv 00112233445566778899aabbccddeeff </tmp/n | md5sum
                    done
                    perl -e 'print join(",", map { sprintf "%.9g", sqrt($_) * sin($_) } 1..2000)' | md5sum"""
        self.assertEqual(self.says(script), self.says(script, "x86-64-v3"))


if __name__ == "__main__":
    LevelFour.program = sys.argv.pop(1)
    if not LEVEL <= host_flags():
        print(f"SKIP: this host's CPU lacks {', '.join(sorted(LEVEL - host_flags()))}")
        sys.exit(SKIPPED_STATUS)
    unittest.main(verbosity=2)
