#!/usr/bin/env python3
"""VM exits from start to the guest's init, and memory beside the guest's, on KVM: Hospes beside QEMU's microvm.

usage: measure.py --vmm hospes-vmm [--runs 2]

Both run the same kernel and initrd in a VM that emulates a host with KVM; the exits are KVM's own count. Its times say
nothing about real hosts, the numbers of exits do.
"""
import argparse
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import guest_image  # noqa: E402
import kvm_in_tcg  # noqa: E402

MEMORY = 256
CMDLINE = "console=ttyS0 quiet reboot=t panic=-1"
INIT = b"#!/bin/sh\necho AT-INIT\nbusybox sleep 1000\n"
# What QEMU's microvm starts a kernel with.
FIRMWARE = ("bios-microvm.bin", "linuxboot_dma.bin", "pvh.bin", "bios-256k.bin", "kvmvapic.bin", "multiboot_dma.bin")
COMMANDS = {
    "hospes": f"hospes-vmm --engine kvm --kernel vmlinuz --initrd initrd --memory {MEMORY} --cmdline '{CMDLINE}'",
    "qemu": f"qemu-system-x86_64 -L /work -M microvm,rtc=on -accel kvm -cpu host -m {MEMORY} -nodefaults "
            "-no-user-config -display none -no-reboot -serial stdio -kernel vmlinuz -initrd initrd "
            f"-append '{CMDLINE}'",
}
# Waits for the mark on the guest's serial port, then looks: KVM's count is that of the VM that there is.
SCRIPT = """
look() {{
  for n in $(seq 600); do grep -q AT-INIT log && break; sleep 0.1; done
  echo "@@ $1 exits $(cat /sys/kernel/debug/kvm/exits)"
  for name in io_exits mmio_exits halt_exits irq_exits irq_injections insn_emulation pf_taken; do
    echo "@@ $1 $name $(cat /sys/kernel/debug/kvm/$name)"
  done
  grep -E '^(Rss|Private_Dirty|Pss)' /proc/$2/smaps_rollup | sed "s/^/@@ $1 /"
  awk '/^[0-9a-f]+-/ {{ large = 0 }} /^Size:/ && $2 >= {size} {{ large = 1 }} /^Rss:/ && large {{ sum += $2 }}
       END {{ print "guest Rss: " sum + 0 }}' /proc/$2/smaps | sed "s/^/@@ $1 /"
  kill -9 $2; wait $2 2>/dev/null; echo "@@ $1 log: $(tail -1 log)"
}}
"""


def qemu_files():
    program = shutil.which("qemu-system-x86_64")
    files = {"qemu-system-x86_64": program}
    for name in FIRMWARE:
        for folder in ("/usr/share/qemu", "/usr/share/seabios"):
            if (path := pathlib.Path(folder, name)).exists():
                files[name] = path.read_bytes()
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--only", choices=COMMANDS)
    parser.add_argument("--limit", type=float, default=280)
    options = parser.parse_args()
    guest = kvm_in_tcg.fetch()
    initrd = guest_image.build_initrd(guest, INIT, modules=())
    files = {"hospes-vmm": options.vmm, "vmlinuz": guest / "vmlinuz", "initrd": initrd, **qemu_files()}
    script = SCRIPT.format(size=MEMORY << 10)
    for _ in range(options.runs):
        for name, command in COMMANDS.items():
            if options.only in (None, name):
                script += f"{command} > log 2>&1 < /dev/null & look {name} $!\n"
    outcome = kvm_in_tcg.run(guest, script, files, memory=1800, limit=options.limit, without=("avx", "avx2"))
    print("\n".join(re.findall(r"^@@ (.*)$", outcome.stdout, re.MULTILINE)))
    if outcome.status or "exits" not in outcome.stdout:
        print(outcome.tail(100))
    return outcome.status


if __name__ == "__main__":
    sys.exit(main())
