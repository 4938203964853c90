#!/usr/bin/env python3
"""The bare-metal guests of tests/guest on KVM, all in one VM that emulates a host with KVM.

usage: guests_test.py --vmm hospes-vmm --images build/release/tests/guest [--only TEXT]

The list and what must happen are those of tests/guest. Not run is what its header says cannot be right here: `kvm:
skip WHY`, for KVM or the emulated processor under it, and `qemu: skip WHY`, for that processor's emulation of any
guest, unless `kvm: run WHY` says that KVM does it by itself.
"""
import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
GUESTS = HERE.parent / "guest"
sys.path[:0] = [str(HERE.parent / "support"), str(GUESTS)]
import kvm_in_tcg  # noqa: E402
import run_guest  # noqa: E402

# An image's name begins with the number of its CPUs. Between the marks: what a guest wrote, then its exit status.
SCRIPT = """
for image in *.elf; do
  echo "@@ begin $image"
  timeout {limit} hospes-vmm --engine kvm --kernel $image --memory 64 --cpus ${{image%%--*}} --debug-exit --no-reboot --cmdline '' 2>&1 |
    head -c 4000
  echo; echo "@@ end $image"
done
"""
# The status of a pipe's first command is lost in this shell: what ended the VM is taken from its last line.
STATUS = [(r"wrote (\d+) to the debug-exit port", lambda found: int(found.group(1)) << 1 & 0xff | 1),
          (r"ended in a triple fault", lambda _: run_guest.TRIPLE_FAULT_STATUS),
          (r"reset the machine", lambda _: 3), (r"powered off", lambda _: 0)]


def status_of(output):
    for pattern, value in STATUS:
        found = re.search(r"hospes-vmm: the guest .*" + pattern + r".*\(engine: kvm\)", output)
        if found:
            return value(found)
    return None


def file_name(name, header):
    return f"{run_guest.cpus_of(header)}--{name.replace('/', '--')}.elf"


def reason_to_skip(header):
    for mark in header.get("kvm", []):
        word, _, why = mark.partition(" ")
        return why if word == "skip" else None
    return header.get("qemu", [None])[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True)
    parser.add_argument("--images", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="", help="guests with this in their name")
    parser.add_argument("--no-skip", action="store_true", help="those that are marked, too")
    parser.add_argument("--limit", type=float, default=280, help="seconds for all")
    options = parser.parse_args()

    headers, files, skipped = {}, {"hospes-vmm": options.vmm}, 0
    for source in sorted(GUESTS.glob("*/*.S")):
        name = f"{source.parent.name}/{source.stem}"
        header = run_guest.read_header(source)
        if options.only not in name:
            continue
        why = reason_to_skip(header)
        if why and not options.no_skip:
            print(f"skip {name}: {why}")
            skipped += 1
            continue
        headers[name] = header
        files[file_name(name, header)] = options.images / f"{name}.elf"

    outcome = kvm_in_tcg.run(kvm_in_tcg.fetch(), SCRIPT.format(limit=20), files, limit=options.limit)
    failures = 0
    for name, header in headers.items():
        image = file_name(name, header)
        found = re.search(rf"@@ begin {re.escape(image)}\n(.*?)\n@@ end", outcome.stdout, re.DOTALL)
        output = found.group(1) if found else ""
        status = status_of(output)
        wrong = run_guest.differences(header, status, output, status == run_guest.TRIPLE_FAULT_STATUS)
        if not found:
            wrong = ["it was not run"]
        if wrong:
            failures += 1
            print(f"FAIL {name}", *wrong, *output.splitlines()[-12:], sep="\n    ")
    print(f"{len(headers) - failures} passed, {failures} failed, {skipped} cannot run there")
    if failures:
        print(outcome.tail())
    return 1 if failures or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
