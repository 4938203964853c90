#!/usr/bin/env python3
"""Looks into the objects of the engine's hot code (cmake/HospesHot.cmake): it runs while the guest's vector state is in
the host's registers, so it must not touch those, and must not call what could.

  check_hot_code.py BUILD_DIRECTORY     status 1 and a list when something is wrong
"""
import json
import pathlib
import re
import subprocess
import sys

VECTOR = re.compile(r"%[xyz]mm[0-9]|%st\b|%mm[0-9]")
ALLOWED = {"madvise", "_GLOBAL_OFFSET_TABLE_"}  # a bare system call; a name of the linker's
OWN = ("_ZN6hospes", "_ZNK6hospes")


def hot_objects(build):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if "-mgeneral-regs-only" in entry["command"]:
            yield pathlib.Path(entry["directory"]) / re.search(r" -o (\S+)", entry["command"]).group(1)


def problems_of(path):
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True).stdout
    for line in code.splitlines():
        if VECTOR.search(line):
            yield f"{path.name}: uses a vector or x87 register: {line.strip()}"
    names = subprocess.run(["nm", "-u", path], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "U" and not name.startswith(OWN) and name not in ALLOWED:
            yield f"{path.name}: calls {name}"


def main():
    build = pathlib.Path(sys.argv[1])
    objects = list(hot_objects(build))
    if not objects:
        sys.exit("no hot object: does cmake/HospesHot.cmake still mark them?")
    problems = [problem for path in objects for problem in problems_of(path)]
    print(*problems, f"{len(objects)} objects, {len(problems)} problems", sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
