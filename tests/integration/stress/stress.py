#!/usr/bin/env python3
"""Runs loads in a Debian guest that check themselves, and looks at the VMM meanwhile: no wrong result, no hang, no leak.

  stress.py --vmm build/release/bin/hospes-vmm --cpus 4 --loads stress-ng,forks,jit,compile --seconds 2
  stress.py --vmm qemu ...      the same under QEMU: is a failure the load's own?

The loads are the files of `loads` beside this one. Ends with status 0 when all is well.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import guest_image  # noqa: E402
import process_memory  # noqa: E402
import vmm  # noqa: E402

CMDLINE = "console=ttyS0 quiet reboot=t panic=-1"
LOADS = ("stress-ng", "forks", "jit", "compile")
OWN_MEMORY = 25  # MiB beside guest RAM and code cache, and
OWN_MEMORY_PER_CPU = 6


def script_output(path, *arguments):
    return subprocess.run([path, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def problems_of(result, loads, memory, options, is_qemu):
    if result.timed_out:
        yield f"did not end within {options.limit:.0f} s"
        return
    answers = dict(text.split()[1:3] for _, text in result.lines if text.startswith("LOAD "))
    for load in loads:
        if answers.get(load) != "ok":
            yield f"{load}: {answers.get(load, 'no answer')}"
    yield from (text for _, text in result.lines if text.startswith("DMESG "))
    if is_qemu:
        return
    if result.status != vmm.POWERED_OFF or len(result.stderr.splitlines()) != 1:
        yield f"status {result.status}, stderr: {result.stderr}"
    most = OWN_MEMORY + options.cpus * OWN_MEMORY_PER_CPU
    if not memory or memory[-1].own > most << 10:
        yield f"the VMM's own memory is {[one.own >> 10 for one in memory]} MiB, over {most}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True, help="hospes-vmm, or qemu")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--loads", default=",".join(LOADS))
    parser.add_argument("--seconds", type=int, default=2, help="about how long a part of a load takes")
    parser.add_argument("--memory", type=int, default=1024, help="MiB")
    parser.add_argument("--limit", type=float, default=600, help="seconds for all of it")
    parser.add_argument("--option", action="append", default=[], help="of hospes-vmm, also")
    parser.add_argument("--verbose", action="store_true", help="show what the guest printed")
    options = parser.parse_args()
    machine = vmm.Vmm(options.vmm)
    loads = options.loads.split(",")
    disk = script_output(HERE / "build-disk")
    guest = pathlib.Path(script_output(TOP / "scripts/fetch-guest", "bookworm"))
    memory = []

    def look(pid, line):
        if options.verbose:
            print(line, flush=True)
        if line.startswith("LOAD") and not machine.is_qemu:
            memory.append(process_memory.memory_of([pid], options.memory << 20))

    with tempfile.TemporaryDirectory(prefix="hospes-stress-") as where:
        initrd = pathlib.Path(where) / "initrd"
        initrd.write_bytes(guest_image.build_initrd(guest, (HERE / "init").read_bytes(),
                                                    modules=("virtio_pci", "virtio_blk", "ext4")))
        result = machine.run(vmm.Guest(
            kernel=guest / "vmlinuz", initrd=initrd, memory=options.memory, cpus=options.cpus,
            disks=(vmm.Disk(disk, readonly=True),), options=() if machine.is_qemu else ("--no-reboot", *options.option),
            cmdline=f"{CMDLINE} loads={options.loads} seconds={options.seconds}"), options.limit, look)
    for at, text in result.lines:
        if text.startswith("LOAD"):
            print(f"{at:7.1f} s  {text}")
    print(f"own memory: {', '.join(f'{one.own >> 10}' for one in memory)} MiB; "
          f"code: {', '.join(f'{one.code >> 10}' for one in memory)} MiB")
    problems = list(problems_of(result, loads, memory, options, machine.is_qemu))
    for problem in problems:
        print(f"PROBLEM {problem}")
    if problems:
        print(result.tail(60))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
