#!/usr/bin/env python3
"""GDB at a bare-metal guest: breakpoints, steps, a watchpoint, registers and memory in both directions; that the guest
sees none of it; another connection; its end.

  bare_metal_test.py build/release/bin/hospes-vmm build/release/tests/guest
"""
import pathlib
import sys

from debugged import Checks, Debugged

# exceptions/single_step counts its own debug exceptions: one too many or too few, and it fails.
SCRIPT = """
info registers rip
hbreak guest_main
continue
info registers rip efer
x/i $rip
stepi
stepi
info registers rip
break function
break on_step
continue
info threads
delete
watch *(long*)&scratch
continue
print/x *(long*)&scratch
delete
set $rax = 0x1234
print/x $rax
set var *(long*)&scratch = 0x55aa
print/x *(long*)&scratch
print $xmm0.uint128
detach
"""


def steps(checks, vmm, images):
    base = pathlib.Path(images) / "exceptions/single_step"
    machine = Debugged(vmm, ["--kernel", f"{base}.elf", "--debug-exit"])
    checks.holds(machine.messages[0], r"gdb: the VM waits for a debugger, on the engine (translator|kvm); in gdb: target remote ")
    said = machine.gdb(SCRIPT.replace("set $rax = 0x1234\nprint/x $rax\n", ""), f"{base}.elf64")
    checks.holds(said, r"^rip .*<multiboot_entry>", r"^Breakpoint 1, .* in guest_main", r"^rip .*<guest_main>",
                 r"^efer .*0xd01", r"=> .*push", r"^rip .*<guest_main\+6>", r"^Breakpoint 3, .* in on_step",
                 r"^\* 1 .*CPU 0", r"Hardware watchpoint 4", r"^New value = ", r"^\$1 = 0x", r"^\$2 = 0x55aa",
                 r"^\$3 = 0", r"detached")
    checks.equal("status", machine.end(), 33)


# The guest goes on to check what is in them: a register that GDB broke, or one that it set and was not, fails there.
VECTORS = """
hbreak one_of_each
continue
print/x $k3
print/x $zmm17.v8_int64[7]
print/x $zmm2.v8_int64[3]
print/x $ymm2.v4_int64[3]
print/x $xmm17.uint128
set $k3 = 0x55
set $zmm17.v8_int64[7] = 0x66
set $ymm2.v4_int64[3] = 0x77
stepi
print/x $k3
print/x $zmm17.v8_int64[7]
print/x $zmm2.v8_int64[3]
set $k3 = 0x1122334455667788
set $zmm17.v8_int64[7] = 0x1122334455667788
detach
"""


def vectors(checks, vmm, images):
    """AVX-512's registers, and that a model without has none of them."""
    base = pathlib.Path(images) / "vector/avx512_xsave"
    machine = Debugged(vmm, ["--kernel", f"{base}.elf", "--debug-exit", "--cpu-model", "x86-64-v3"])
    checks.holds(machine.gdb("print sizeof($ymm2)\nprint $zmm2\nkill\n", f"{base}.elf64"), r"^\$1 = 32", r"^\$2 = void")
    machine.end()
    if "avx512bw" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").split():
        print("this host's CPU has no AVX-512: its registers are not looked at")
        return
    machine = Debugged(vmm, ["--kernel", f"{base}.elf", "--debug-exit"])
    said = machine.gdb(VECTORS, f"{base}.elf64")
    checks.holds(said, r"^Breakpoint 1, ", r"^\$1 = 0x1122334455667788", r"^\$2 = 0x1122334455667788",
                 r"^\$3 = 0xeeddccbbaa998877", r"^\$4 = 0xeeddccbbaa998877", r"^\$5 = 0x11223344556677881122334455667788",
                 r"^\$6 = 0x55", r"^\$7 = 0x66", r"^\$8 = 0x77", r"detached")
    checks.equal("status", machine.end(), 33)


def again_and_kill(checks, vmm, images):
    base = pathlib.Path(images) / "exceptions/single_step"
    machine = Debugged(vmm, ["--kernel", f"{base}.elf", "--debug-exit"])
    checks.holds(machine.gdb("hbreak guest_main\ncontinue\nset $rip = $rip + 1\nset $rax = 0x1234\nprint/x $rax\nkill\n",
                             f"{base}.elf64"), r"^Breakpoint 1, ", r"^\$1 = 0x1234", r"killed")
    checks.equal("status", machine.end(), 0)
    checks.holds(machine.messages[-1], "ended by the debugger")


def to_the_end(checks, vmm, images):
    base = pathlib.Path(images) / "exceptions/divide"
    machine = Debugged(vmm, ["--kernel", f"{base}.elf", "--debug-exit"])
    checks.holds(machine.gdb("continue\n", f"{base}.elf64"), r"exited with code 041")
    checks.equal("status", machine.end(), 33)


def main():
    checks = Checks()
    for test in (steps, vectors, again_and_kill, to_the_end):
        test(checks, *sys.argv[1:3])
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
