#!/usr/bin/env python3
"""Boots a Debian kernel on KVM, in a VM that emulates a host with KVM, to the test list of tests/integration/boot.

usage: boot_test.py --vmm hospes-vmm [--guest bookworm] [--cpus 2]

The emulated processor has no AVX: QEMU 7.2 does not intercept XSETBV, on which KVM relies to know XCR0.
"""
import argparse
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "integration/boot")]
import boot  # noqa: E402
import guest_image  # noqa: E402
import kvm_in_tcg  # noqa: E402
import vmm  # noqa: E402

# The guest's serial port comes back as standard output; what is after the mark is not the guest's.
SCRIPT = """{command} 2>stderr
status=$?
echo "@@ status $status"; cat stderr; echo "@@ exits $(cat /sys/kernel/debug/kvm/exits)"
exit $status
"""


def run(options, where):
    setup = boot.Setup(kvm_in_tcg.fetch(options.guest), where)
    guest_image.build_disk(setup.scratch, 32)
    guest = vmm.Guest(kernel="vmlinuz", initrd="initrd", cpus=options.cpus,
                      cmdline=f"{boot.CMDLINE} cpus={options.cpus}", options=("--no-reboot", "--counters"),
                      disks=(vmm.Disk("data", readonly=True), vmm.Disk("scratch")))
    command = kvm_in_tcg.shlex.join(vmm.hospes_command("hospes-vmm", guest, "kvm"))
    files = {"hospes-vmm": options.vmm, "vmlinuz": setup.guest / "vmlinuz", "initrd": setup.initrd, "data": setup.data,
             "scratch": setup.scratch}
    return kvm_in_tcg.run(kvm_in_tcg.fetch(), SCRIPT.format(command=command), files, options.cpus, memory=1400,
                          limit=options.limit, without=("avx", "avx2"))


def problems_of(outcome):
    serial, _, after = outcome.stdout.partition("@@ status ")
    answers = [line for line in serial.splitlines() if line.startswith("TEST ")]
    answered = {line.split()[1] for line in answers}
    found = [line for line in answers if not line.endswith(" ok")]
    found += [f"{name}: no answer" for name in boot.TESTS if name not in answered]
    if outcome.status != vmm.POWERED_OFF:
        found.append(f"exit status {outcome.status}")
    if "the guest powered off (engine: kvm)" not in after:
        found.append("it did not end with a power-off on KVM")
    # KVM's own count: the guest was there.
    ours, theirs = (re.search(pattern, after) for pattern in (r"kvm_exits (\d+)", r"@@ exits (\d+)"))
    if not ours or not theirs or int(ours.group(1)) < 1000:
        found.append("the counters are missing, or say that the guest hardly ran on KVM")
    return found, after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--guest", default="bookworm", help="or trixie")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--limit", type=float, default=280)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hospes-kvm-boot-") as where:
        outcome = run(options, where)
    problems, after = problems_of(outcome)
    print(after)
    return outcome.judge(problems)


if __name__ == "__main__":
    sys.exit(main())
