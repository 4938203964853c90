#!/usr/bin/env python3
"""GDB at Debian 12's kernel on two CPUs: a breakpoint at its entry, registers, memory, steps, a breakpoint in a system
call, a watchpoint, Ctrl-C, threads; then it leaves and the guest goes on to its end. A second GDB comes to a running VM.

  debian_test.py build/release/bin/hospes-vmm scripts/fetch-guest

Debian's packages have no System.map to speak of: a first boot prints the addresses, and nokaslr keeps them.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from debugged import Checks, Debugged

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import guest_image  # noqa: E402

CMDLINE = "console=ttyS0 quiet reboot=t panic=-1 nokaslr"
SYMBOLS = ("start_kernel", "linux_banner", "__x64_sys_sethostname", "init_uts_ns", "do_idle")
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
case $(/bin/busybox cat /proc/cmdline) in
*symbols*)
    /bin/busybox grep -E ' (%s)$' /proc/kallsyms
    ;;
*)
    /bin/busybox hostname debugged
    echo NAMED $(/bin/busybox hostname)
    i=0
    while [ $i -lt 3 ]; do echo COUNT $i; /bin/busybox sleep 1; i=$((i + 1)); done
    echo END-OF-LIST
    ;;
esac
/bin/busybox poweroff -f
"""

SCRIPT = """
hbreak *{start_kernel}
continue
info registers rip cr3
x/s {linux_banner}
stepi
stepi
stepi
info registers rip
info threads
break *{__x64_sys_sethostname}
continue
info registers rip
info threads
delete
watch *(char*)({init_uts_ns} + 65)
continue
info watchpoints
delete
continue
info threads
info registers rip
detach
"""


def options(guest, initrd, more=""):
    return ["--kernel", f"{guest}/vmlinuz", "--initrd", str(initrd), "--cmdline", f"{CMDLINE} {more}".strip(),
            "--cpus", "2", "--memory", "256"]


def addresses(vmm, guest, initrd):
    said = subprocess.run([vmm, "--engine", "translator", *options(guest, initrd, "symbols")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
    return {name: f"0x{address}" for address, name in re.findall(r"^([0-9a-f]{16}) \w (\w+)", said, re.MULTILINE)}


def main():
    vmm, fetch = sys.argv[1:3]
    guest = subprocess.run([fetch, "bookworm"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="hospes-gdb-") as where:
        initrd = pathlib.Path(where) / "initrd"
        initrd.write_bytes(guest_image.build_initrd(guest, (INIT % "|".join(SYMBOLS)).encode()))
        found = addresses(vmm, guest, initrd)
        machine = Debugged(vmm, options(guest, initrd))
        said = machine.gdb(SCRIPT.format(**found), interrupt_at="COUNT 0")
        checks.holds(said, r"hit Breakpoint 1, ", rf"^rip +{re.sub('^0x0*', '0x', found['start_kernel'])} ",
                     r"\"Linux version 6\.1", r"^rip ", r"CPU 0\)", r"CPU 1 \[not started\]\)", r"hit Breakpoint 2, ",
                     rf"^rip +{found['__x64_sys_sethostname']} ", r"CPU 0", r"CPU 1", r"^New value = 100 'd'",
                     r"breakpoint already hit", r"received signal SIGINT", r"CPU 0", r"CPU 1",
                     r"^rip +0x[0-9a-f]+", r"detached")
        checks.equal("status", machine.end(), 0)
        checks.equal("the guest's own end", "END-OF-LIST" in machine.serial, True)
        checks.equal("what the system call did", "NAMED debugged" in machine.serial, True)

        machine = Debugged(vmm, options(guest, initrd))
        checks.holds(machine.gdb("detach\n"), r"detached")
        said = machine.gdb("info registers rip\ninfo threads\nstepi\ndetach\n")
        checks.holds(said, r"^rip ", r"CPU 0", r"CPU 1", r"detached")
        checks.equal("status after a second connection", machine.end(), 0)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
