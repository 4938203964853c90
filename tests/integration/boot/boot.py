#!/usr/bin/env python3
"""Boots a Debian kernel to the test list in `init` beside this file and checks every line of what comes back.

  boot.py --vmm build/release/bin/hospes-vmm --guest bookworm [--times 50]
  boot.py --vmm qemu --guest bookworm      the same under QEMU: is a failure the test's own?

With --times, every boot must say exactly the same. Ends with status 0 when all is well.
"""
import argparse
import hashlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import guest_image  # noqa: E402
import process_memory  # noqa: E402
import vmm  # noqa: E402

CMDLINE = "console=ttyS0 quiet reboot=t panic=-1"
TESTS = ("modules", "acpi", "cpuinfo", "disk_raw", "disk_files", "disk_write", "rng", "console", "timer",
         "processes", "compute", "signals", "cpus", "dmesg")
CLOCK_ERROR = 0.02
IDLE_SHARE = 0.01
OWN_MEMORY = 25  # MiB beside guest RAM and code cache
STILL_TRANSLATED = 0.05  # timing differs, so does what runs; what straddles pages is not saved
WALL_CLOCK_ERROR = 3  # seconds: the RTC has no fractions, and the guest reads it early


def digest(data, name="sha256"):
    return hashlib.new(name, data).hexdigest()


class Setup:
    """The files that a guest needs, in a directory that the caller owns."""

    def __init__(self, guest, where):
        self.where = pathlib.Path(where)
        self.guest = pathlib.Path(guest)
        self.initrd = self.where / "initrd"
        self.data = self.where / "data.ext4"
        self.scratch = self.where / "scratch.ext4"
        files = {"large": os.urandom(6 << 20), "small": b"a small file\n", "empty": b""}
        tree = self.where / "tree"
        tree.mkdir()
        for name, content in files.items():
            (tree / name).write_bytes(content)
        guest_image.build_disk(self.data, 16, tree)
        sums = "".join(f"{digest(content)}  {name}\n" for name, content in files.items())
        numbers = "".join(f"{n}\n" for n in range(1, 50001)).encode()
        self.initrd.write_bytes(guest_image.build_initrd(guest, (HERE / "init").read_bytes(), {
            "expect": None,
            "expect/vda.sha256": digest(self.data.read_bytes()).encode(),
            "expect/files.sha256": sums.encode(),
            "expect/numbers.md5": digest(numbers, "md5").encode(),
        }))

    def boot(self, machine, options, append="", memory=256, on_line=None, more=()):
        guest_image.build_disk(self.scratch, 32)
        guest = vmm.Guest(kernel=self.guest / "vmlinuz", initrd=self.initrd, memory=memory, cpus=options.cpus,
                          disks=(vmm.Disk(self.data, readonly=True), vmm.Disk(self.scratch)),
                          cmdline=f"{CMDLINE} cpus={options.cpus} {append}".strip(),
                          options=() if machine.is_qemu else ("--no-reboot", *more))
        return machine.run(guest, options.limit, on_line)


def said(result, word):
    """The lines that start with a word: [(host seconds, the other words)]."""
    split = ((at, text.split()) for at, text in result.lines)
    return [(at, words[1:]) for at, words in split if words[:1] == [word]]


def results_of(result):
    return [" ".join(words) for _, words in said(result, "TEST")]


def end_problems(result, status, machine):
    """What is wrong with how the process ended."""
    if result.timed_out:
        return ["did not end in time"]
    # QEMU has one status for every end that is not an error.
    wanted = 0 if machine.is_qemu else status
    found = [] if result.status == wanted else [f"exit status {result.status}, not {wanted}"]
    if not machine.is_qemu and len(result.stderr.splitlines()) != 1:
        found.append("stderr is not the one line that says how the guest ended")
    return found


def list_problems(result):
    """What is wrong with the answers to the test list."""
    if not said(result, "BOOT-START"):
        return ["the kernel did not reach user space"]
    found = [line for line in results_of(result) if not line.endswith(" ok")]
    missing = set(TESTS) - {line.split()[0] for line in results_of(result)}
    found += [f"{name}: no answer" for name in TESTS if name in missing]
    times = said(result, "TIME")
    if not times or abs(float(times[0][1][0]) - time.time() + result.seconds - times[0][0]) > WALL_CLOCK_ERROR:
        found.append(f"the wall clock is wrong: {times}, here it is {time.time():.0f}")
    return found


def host_disk_problems(setup):
    """What the guest wrote must be on the host's disk, in a sound file system."""
    path = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    found = []
    check = subprocess.run(["e2fsck", "-fn", setup.scratch], env=path, capture_output=True, text=True, check=False)
    if check.returncode != 0:
        found.append(f"e2fsck on the disk that the guest wrote: {check.stdout.strip().splitlines()[-1:]}")
    marker = subprocess.run(["debugfs", "-R", "cat /marker", setup.scratch], env=path, capture_output=True, text=True,
                            check=False).stdout
    if marker != "written by the guest\n":
        found.append(f"the file that the guest wrote holds {marker!r} on the host")
    return found


def run_list(setup, machine, options):
    """Boots as often as asked for; all answers must be good and all boots alike."""
    first, seconds = None, []
    for number in range(1, options.times + 1):
        result = setup.boot(machine, options, "log=1" if options.verbose else "")
        problems = list_problems(result) + end_problems(result, vmm.POWERED_OFF, machine) + host_disk_problems(setup)
        answers = (results_of(result), result.status, result.stderr)
        first = first or answers
        if answers != first:
            problems.append(f"boot {number} answered otherwise than the first: {answers} != {first}")
        start = said(result, "BOOT-START")
        print(f"boot {number}: user space after {start[0][0] if start else float('nan'):.2f} s, "
              f"ended after {result.seconds:.2f} s, {len(answers[0])} answers, "
              f"{'; '.join(problems) or 'all ok'}", flush=True)
        if options.verbose:
            print(result.text())
        if problems:
            print(result.tail())
            return 1
        seconds.append(result.seconds)
    print(f"{len(seconds)} boots: {min(seconds):.2f} s to {max(seconds):.2f} s, median {statistics.median(seconds):.2f} s")
    return 0


def run_clock(setup, machine, options):
    """The guest's seconds against the host's: the median of three spans asleep and of three busy."""
    result = setup.boot(machine, options, "tests=clock")
    marks = {(words[0], words[1]): (at, float(words[2])) for at, words in said(result, "CLOCK")}
    problems = end_problems(result, vmm.POWERED_OFF, machine)
    for kind in ("asleep", "busy"):
        ratios = []
        for span in (f"{kind}-{number}" for number in (1, 2, 3)):
            if (span, "begin") in marks and (span, "end") in marks:
                begin, end = marks[span, "begin"], marks[span, "end"]
                ratios.append((end[1] - begin[1]) / (end[0] - begin[0]))
        if len(ratios) != 3:
            problems.append(f"{kind}: marks are missing")
            continue
        print(f"{kind}: guest seconds per host second {', '.join(f'{ratio:.4f}' for ratio in ratios)}")
        if abs(statistics.median(ratios) - 1) > CLOCK_ERROR:
            problems.append(f"{kind}: the guest's clock is off by more than {CLOCK_ERROR:.0%}")
    return report(result, problems)


def cpu_seconds(pid):
    """What a process has used so far, all threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_idle(setup, machine, options):
    """A guest that worked and then waits costs next to nothing: neither CPU nor memory of the VMM's own."""
    looks = []
    mebibytes = 1024

    def look(pid, line):
        if line.startswith("IDLE"):
            looks.append((time.monotonic(), cpu_seconds(pid), process_memory.memory_of([pid], mebibytes << 20)))

    result = setup.boot(machine, options, "tests=modules,disk_files,processes,compute,idle", mebibytes, look)
    problems = end_problems(result, vmm.POWERED_OFF, machine)
    if len(looks) != 2:
        problems.append("the guest did not idle")
    else:
        (at, cpu, _), (at_end, cpu_end, memory) = looks
        share = (cpu_end - cpu) / (at_end - at)
        print(f"idle: {share:.2%} of a core; memory: guest {memory.guest / 1024:.1f} MiB, "
              f"code cache {memory.code / 1024:.1f} MiB, the VMM's own {memory.own / 1024:.1f} MiB")
        if share > IDLE_SHARE:
            problems.append(f"an idle guest takes more than {IDLE_SHARE:.0%} of a core")
        if memory.own > OWN_MEMORY << 10:
            problems.append(f"the VMM's own memory is over {OWN_MEMORY} MiB")
    return report(result, problems)


def count_blocks(result):
    """Blocks that were translated, and that were loaded instead."""
    found = dict(re.findall(r"^(translated|loaded)_blocks (\d+)$", result.stderr, re.MULTILINE))
    return int(found.get("translated", 0)), int(found.get("loaded", 0))


def run_saved(setup, machine, options):
    """The second boot loads what the first has translated, and does as well."""
    file = setup.where / "translations"
    firsts, failed = None, 0
    for option in ("--save-translations", "--translations"):
        result = setup.boot(machine, options, more=("--counters", option, str(file)))
        translated, loaded = count_blocks(result)
        firsts = firsts or translated
        print(f"{option}: {translated} blocks translated, {loaded} loaded, {result.seconds:.2f} s")
        problems = list_problems(result) + host_disk_problems(setup)
        if option == "--translations" and (translated > firsts * STILL_TRANSLATED or loaded < firsts / 2):
            problems.append(f"more than {STILL_TRANSLATED:.0%} of what the first boot translated was translated again")
        failed |= report(result, problems)
    return failed


def report(result, problems):
    for problem in problems:
        print(f"PROBLEM {problem}")
    if problems:
        print(result.tail())
    return 1 if problems else 0


def run_ends(setup, machine, options):
    """A reset and a crash (panic=-1 resets at once) end the process too, with the status of a reset."""
    failed = 0
    # reboot=t has the kernel reset by a triple fault.
    for end in ("reboot", "crash"):
        result = setup.boot(machine, options, f"tests=modules end={end}")
        problems = end_problems(result, vmm.TRIPLE_FAULT, machine)
        print(f"{end}: {result.stderr or result.status}")
        failed |= report(result, problems)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vmm", required=True, help="hospes-vmm, or qemu")
    parser.add_argument("--guest", required=True, help="bookworm, trixie, bookworm-686 ...: what scripts/fetch-guest makes")
    parser.add_argument("--mode", choices=("list", "clock", "idle", "ends", "saved"), default="list")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--limit", type=float, default=180, help="seconds for one boot")
    parser.add_argument("--verbose", action="store_true", help="show what the guest printed, and its dmesg")
    options = parser.parse_args()
    fetch = HERE.parents[2] / "scripts/fetch-guest"
    guest = subprocess.run([fetch, options.guest], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="hospes-boot-") as where:
        setup = Setup(guest, where)
        run = {"list": run_list, "clock": run_clock, "idle": run_idle, "ends": run_ends, "saved": run_saved}[options.mode]
        return run(setup, vmm.Vmm(options.vmm), options)


if __name__ == "__main__":
    sys.exit(main())
