#!/usr/bin/env python3
"""A real GDB at hospes-vmm --engine kvm --gdb, in a VM that emulates a host with KVM.

usage: gdb_test.py --vmm hospes-vmm --images build/release/tests/guest

What it does without breakpoints that hit: QEMU's TCG has none in guests of SVM. tests/kvm/engine_test.cc has those, for
real hosts.
"""
import argparse
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import kvm_in_tcg  # noqa: E402
import run_test  # noqa: E402

GUEST_SUCCEEDED = 33
GDB = """set pagination off
set confirm off
set architecture i386:x86-64
target remote /tmp/debugger
info registers rip
x/i $rip
stepi
stepi
info registers rip
set $rbp = 0x1234
print/x $rbp
set var *(int*)0x300000 = 0x55aa
print/x *(int*)0x300000
info threads
hbreak *0x1000
hbreak *0x2000
hbreak *0x3000
hbreak *0x4000
hbreak *0x5000
continue
delete
continue
"""
SCRIPT = """export PYTHONHOME=/work/python
hospes-vmm --engine kvm --gdb unix:/tmp/debugger --kernel guest.elf --debug-exit >serial 2>messages &
for n in $(seq 100); do [ -S /tmp/debugger ] && break; sleep 0.1; done
# GDB leaves a script at its first error: each line is a command of its own.
sed 's/.*/-ex\\n&/' gdb-commands | tr '\\n' '\\0' | xargs -0 gdb -q -nx -batch guest.elf64 2>&1
wait $!
echo "@@ status $?"; cat messages
"""
EXPECTED = (r"^rip .*<multiboot_entry>", r"^=> .*<multiboot_entry>", r"^rip .*<multiboot_entry\+", r"^\$1 = 0x1234",
            r"^\$2 = 0x55aa", r"^\* 1 .*CPU 0", r"Cannot insert hardware breakpoint 5", r"exited with code 041",
            f"^@@ status {GUEST_SUCCEEDED}$", r"waits for a debugger, on the engine kvm")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--images", required=True)
    options = parser.parse_args()
    guest = pathlib.Path(options.images) / "exceptions/divide"
    files = {"hospes-vmm": options.vmm, "guest.elf": f"{guest}.elf", "guest.elf64": f"{guest}.elf64",
             "gdb": shutil.which("gdb"), "gdb-commands": GDB.encode(), **run_test.python_files()}
    outcome = kvm_in_tcg.run(kvm_in_tcg.fetch(), SCRIPT, files, memory=1400, limit=120)
    return outcome.judge([f"no line like {pattern}" for pattern in EXPECTED
                          if not re.search(pattern, outcome.stdout, re.MULTILINE)])


if __name__ == "__main__":
    sys.exit(main())
