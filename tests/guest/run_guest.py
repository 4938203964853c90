#!/usr/bin/env python3
"""Runs bare-metal guests and compares what happens with what their headers promise. See README.md."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

VARIANTS = {"single": ["--block-limit", "1"], "normal": ["--no-link"], "linked": [], "saved": []}
SKIPPED_STATUS = 77         # nothing ran; CTest knows it
TRIPLE_FAULT_STATUS = 4     # of hospes-vmm; QEMU says it in its log


def read_header(source):
    """The `// key: value` lines at the top of a guest: a dict of lists."""
    header = {}
    with open(source, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("//"):
                break
            match = re.match(r"//\s*(expect|counter|cpus|cpu-model|needs|qemu|qemu-cpu|kvm|label|timeout):\s*(.*\S)", line)
            if match:
                header.setdefault(match.group(1), []).append(match.group(2))
    if "expect" not in header:
        sys.exit(f"{source}: the header has no 'expect:' line")
    return header


def run(command, timeout):
    """Returns (status or None when it took too long, output)."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace")


def lacking(header):
    """The flags that the guest needs of the host's CPU and that /proc/cpuinfo does not list."""
    with open("/proc/cpuinfo", encoding="ascii") as lines:
        flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return [flag for need in header.get("needs", []) for flag in need.split() if flag not in flags]


def cpus_of(header):
    return header.get("cpus", ["1"])[0]


def run_qemu(image, timeout, cpus, cpu):
    with tempfile.NamedTemporaryFile(mode="r", errors="replace") as log:
        status, output = run(
            ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max,-la57" + cpu, "-m", "64", "-smp", cpus, "-nodefaults",
             "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-d", "cpu_reset", "-D", log.name,
             "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", image], timeout)
        return status, output, "Triple fault" in log.read()


def run_hospes(vmm, options, image, timeout, cpus):
    status, output = run([vmm, "--counters", "--engine", "translator", "--kernel", image, "--memory", "64", "--cpus", cpus,
                          "--debug-exit", "--no-reboot", "--cmdline", ""] + options, timeout)
    return status, output, status == TRIPLE_FAULT_STATUS


def run_saved(vmm, options, image, timeout, cpus):
    """Twice: what the first run translates, the second loads, into a code cache where all lies elsewhere."""
    with tempfile.NamedTemporaryFile() as file:
        first = run_hospes(vmm, [*options, "--save-translations", file.name], image, timeout, cpus)
        status, output, shutdown = run_hospes(vmm, [*options, "--translations", file.name, "--code-cache", "32"],
                                              image, timeout, cpus)
    loaded = re.search(r"^loaded_blocks (\d+)$", output, re.MULTILINE)
    if first[0] == status and (loaded is None or loaded.group(1) == "0"):
        return None, output + "\nnothing was loaded from the file of translations", False
    return status, output, shutdown


def differences(header, status, output, shutdown):
    """What was promised and did not happen, in words."""
    wrong = []
    for promise in header["expect"]:
        kind, _, value = promise.partition(" ")
        if kind == "exit" and status != int(value):
            wrong.append(f"expected exit status {value}, got {'none: it took too long' if status is None else status}")
        elif kind == "shutdown" and not shutdown:
            wrong.append(f"expected a triple fault, got exit status {status}")
        elif kind == "serial" and value.strip('"').encode().decode("unicode_escape") not in output:
            wrong.append(f"expected on the serial port: {value}")
        elif kind not in ("exit", "shutdown", "serial"):
            wrong.append(f"the header promises something unknown: {promise}")
    return wrong


def counters_too_high(header, output):
    """The `// counter: NAME < N` lines that do not hold, in words."""
    wrong = []
    for promise in header.get("counter", []):
        name, _, limit = promise.split()
        found = re.search(rf"^{re.escape(name)} (\d+)$", output, re.MULTILINE)
        if found is None or int(found.group(1)) >= int(limit):
            wrong.append(f"expected {promise}, got {'none' if found is None else found.group(1)}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+", help="the guests' .S files: their headers say what to expect")
    parser.add_argument("--images", required=True, help="build folder of the images: IMAGES/<topic>/<name>.elf")
    parser.add_argument("--vmm", help="path of hospes-vmm")
    parser.add_argument("--qemu", action="store_true", help="run under QEMU TCG instead")
    parser.add_argument("--variant", choices=VARIANTS, default="linked", help="how hospes-vmm cuts and links blocks")
    parser.add_argument("--without", metavar="NAME", help="an optimisation that the translator has to do without")
    parser.add_argument("--no-skip", action="store_true", help="run those marked `qemu: skip` too")
    parser.add_argument("--timeout", type=float, help="seconds; default: the header's, or 20")
    arguments = parser.parse_args()
    if arguments.qemu == bool(arguments.vmm):
        parser.error("give either --vmm or --qemu")

    options = VARIANTS[arguments.variant] + (["--without", arguments.without] if arguments.without else [])
    failures = skipped = 0
    for source in arguments.sources:
        header = read_header(source)
        topic, name = os.path.abspath(source).split(os.sep)[-2:]
        image = os.path.join(arguments.images, topic, name[:-2] + ".elf")
        if not os.path.exists(image):
            sys.exit(f"{image} does not exist: build the target 'guests' first")
        if arguments.qemu and "qemu" in header and not arguments.no_skip:
            print(f"skip {topic}/{name}: {header['qemu'][0]}")
            continue
        if not arguments.qemu and lacking(header):
            print(f"SKIP {topic}/{name}: this host's CPU lacks {', '.join(lacking(header))}")
            skipped += 1
            continue
        timeout = arguments.timeout or float(header.get("timeout", ["20"])[0])
        start = time.monotonic()
        if arguments.qemu:
            cpu = "".join("," + feature for feature in header.get("qemu-cpu", []))
            outcome = run_qemu(image, timeout, cpus_of(header), cpu)
        else:
            model = [word for name in header.get("cpu-model", []) for word in ("--cpu-model", name)]
            run_once = run_saved if arguments.variant == "saved" else run_hospes
            outcome = run_once(arguments.vmm, options + model, image, timeout, cpus_of(header))
        wrong = differences(header, *outcome)
        if not arguments.qemu and not options:
            wrong += counters_too_high(header, outcome[1])
        print(f"{'FAIL' if wrong else 'pass'} {topic}/{name} ({time.monotonic() - start:.2f} s)")
        if wrong:
            failures += 1
            print("".join(f"    {line}\n" for line in wrong + outcome[1].splitlines()[-20:]), end="", flush=True)
    if failures == 0 and skipped == len(arguments.sources):
        sys.exit(SKIPPED_STATUS)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
