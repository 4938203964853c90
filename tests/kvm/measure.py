#!/usr/bin/env python3
"""VM exits from start to the guest's init and for each virtio-blk request, and memory beside the guest's, on KVM:
Hospes beside QEMU's microvm.

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
REQUESTS = 2000
# After each mark it waits until it has been looked at. Requests of 4 KiB, past the page cache: one at a time, then by
# four readers at once.
INIT = f"""#!/bin/sh
busybox mount -t devtmpfs devtmpfs /dev
read_disk() {{
    busybox dd if=/dev/vda of=/dev/null bs=4k iflag=direct count=$1 skip=$2 2>/dev/null
}}
echo AT-INIT
busybox sleep 3
while read -r module; do busybox insmod /lib/modules/$module.ko; done </lib/modules/order
read_disk 10 0
echo AT-READY
busybox sleep 3
read_disk {REQUESTS} 0
echo AT-ONE
busybox sleep 3
for reader in 0 1 2 3; do read_disk {REQUESTS // 4} $((reader * {REQUESTS // 4})) & done
wait
echo AT-FOUR
busybox sleep 1000
""".encode()
DISK = bytes(4096) * REQUESTS
MODULES = ("virtio_pci", "virtio_mmio", "virtio_blk")
# What QEMU's microvm starts a kernel with.
FIRMWARE = ("bios-microvm.bin", "linuxboot_dma.bin", "pvh.bin", "bios-256k.bin", "kvmvapic.bin", "multiboot_dma.bin")
QEMU = (f"qemu-system-x86_64 -L /work -accel kvm -cpu host -m {MEMORY} -nodefaults -no-user-config -display none "
        f"-no-reboot -serial stdio -kernel vmlinuz -initrd initrd -append '{CMDLINE}' "
        "-drive if=none,id=d,format=raw,file=disk,readonly=on ")
COMMANDS = {
    "hospes": f"hospes-vmm --engine kvm --kernel vmlinuz --initrd initrd --memory {MEMORY} --cmdline '{CMDLINE}' "
              "--disk disk,readonly=on --counters",
    "qemu": QEMU + "-M microvm,rtc=on -device virtio-blk-device,drive=d",
    # With the devices that our machine has, where it has them.
    "qemu-pci": QEMU + "-M microvm,rtc=on,pcie=on -device virtio-blk-pci,drive=d,romfile= "
                "-device virtio-serial-pci,romfile= -device virtio-rng-pci,romfile=",
}
# Waits for a mark on the guest's serial port, then looks: KVM's count is that of the VM that there is.
SCRIPT = """
await() {{
  for n in $(seq 900); do grep -q $2 log && break; sleep 0.1; done
  for name in exits {counts}; do echo "@@ $1 $2 $name $(cat /sys/kernel/debug/kvm/$name)"; done
}}
look() {{
  await $1 AT-INIT
  grep -E '^(Rss|Private_Dirty|Pss)' /proc/$2/smaps_rollup | sed "s/^/@@ $1 /"
  awk '/^[0-9a-f]+-/ {{ large = 0 }} /^Size:/ && $2 >= {size} {{ large = 1 }} /^Rss:/ && large {{ sum += $2 }}
       END {{ print "guest Rss: " sum + 0 }}' /proc/$2/smaps | sed "s/^/@@ $1 /"
  for mark in AT-READY AT-ONE AT-FOUR; do await $1 $mark; done
  kill $2; wait $2 2>/dev/null; sed "s/^/@@ $1 log: /" log
}}
"""
COUNTS = "io_exits mmio_exits halt_exits irq_exits irq_window_exits irq_injections insn_emulation pf_taken"


def per_request(text):
    """What each request took, by the marks before and after."""
    for name in COMMANDS:
        for kind, before, after in (("one at a time", "AT-READY", "AT-ONE"), ("four at once", "AT-ONE", "AT-FOUR")):
            def grown(count):
                first, last = ([int(n) for n in re.findall(rf"^@@ {name} {mark} {count} (\d+)$", text, re.MULTILINE)]
                               for mark in (before, after))
                return [b - a for a, b in zip(first, last)]
            for exits, host in zip(grown("exits"), grown("irq_exits")):
                print(f"{name}: {exits / REQUESTS:.2f} exits a request, {(exits - host) / REQUESTS:.2f} without the "
                      f"host's interrupts ({kind})")


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
    initrd = guest_image.build_initrd(guest, INIT, modules=MODULES)
    files = {"hospes-vmm": options.vmm, "vmlinuz": guest / "vmlinuz", "initrd": initrd, "disk": DISK, **qemu_files()}
    script = SCRIPT.format(size=MEMORY << 10, counts=COUNTS)
    for _ in range(options.runs):
        for name, command in COMMANDS.items():
            if options.only in (None, name):
                script += f"{command} > log 2>&1 < /dev/null & look {name} $!\n"
    outcome = kvm_in_tcg.run(guest, script, files, memory=1800, limit=options.limit, without=("avx", "avx2"))
    print("\n".join(re.findall(r"^@@ (.*)$", outcome.stdout, re.MULTILINE)))
    per_request(outcome.stdout)
    if outcome.status or "exits" not in outcome.stdout:
        print(outcome.tail(100))
    return outcome.status


if __name__ == "__main__":
    sys.exit(main())
