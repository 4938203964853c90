"""What a VMM's memory is used for, read from /proc/PID/smaps.

Three kinds: guest RAM (mappings of at least half the guest's size, or a memfd), the code cache (Hospes': shared anonymous
memory, which shows as /dev/zero, and the tables of its blocks, the only other memory without a reserve; QEMU's: anonymous
executable memory, which holds its tables too), and the VMM's own: all the rest. By proportional share, so that one page
mapped twice (the code cache: once to write, once to run) counts once.
"""
import collections
import re

Memory = collections.namedtuple("Memory", "guest code own")  # KiB
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)")


def kind_of(size, permissions, name, flags, guest_bytes):
    if name.startswith("/dev/zero") or ("x" in permissions and not name):
        return "code"
    if "memfd:" in name or size >= guest_bytes // 2:
        return "guest"
    return "code" if "nr" in flags and not name else "own"


def memory_of(pids, guest_bytes):
    """Resident KiB of processes together, by kind."""
    used = collections.Counter()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
                lines = file.read().splitlines()
        except OSError:
            continue
        size, permissions, name, share = 0, "", "", 0
        for line in lines:
            mapping = MAPPING.match(line)
            if mapping:
                start, end, permissions, name = mapping.groups()
                size = int(end, 16) - int(start, 16)
            elif line.startswith("Pss:"):
                share = int(line.split()[1])
            elif line.startswith("VmFlags:"):  # the last line of a mapping
                used[kind_of(size, permissions, name, line.split()[1:], guest_bytes)] += share
    return Memory(used["guest"], used["code"], used["own"])
