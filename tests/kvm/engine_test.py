#!/usr/bin/env python3
"""Runs a GoogleTest program in a VM that emulates a host with KVM: engine_test.py PROGRAM [OPTION]..."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import kvm_in_tcg  # noqa: E402


def main():
    program, options = sys.argv[1], sys.argv[2:]
    command = kvm_in_tcg.shlex.join(["engine_test", *options])
    # Without AVX: QEMU 7.2 does not intercept XSETBV, on which KVM relies to know XCR0.
    outcome = kvm_in_tcg.run(kvm_in_tcg.fetch(), command, {"engine_test": program}, limit=120, without=("avx", "avx2"))
    print(outcome.tail(200) if outcome.status else outcome.stdout)
    return outcome.status


if __name__ == "__main__":
    sys.exit(main())
