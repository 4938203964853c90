#!/usr/bin/env python3
"""Runs the commands of README.md's tour in a shell, as a reader would, and compares what they print.

  tour_test.py HOSPES README

A block fenced as `console` holds "$ command" lines, each followed by its output. A line "..." stands for any lines, also
for none.
"""
import pathlib
import re
import subprocess
import sys

LIMIT = 600  # seconds for one command


def steps(text):
    """(command, expected lines) in the order of the document."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(expected, printed):
    if not expected:
        return not printed
    if expected[0] == "...":
        return any(matches(expected[1:], printed[skipped:]) for skipped in range(len(printed) + 1))
    return bool(printed) and expected[0] == printed[0] and matches(expected[1:], printed[1:])


def main():
    program, readme = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    tour = steps(readme.read_text())
    if len(tour) < 5:
        sys.exit(f"{readme}: {len(tour)} commands in its tour; is it still fenced as console?")
    failed = 0
    for command, expected in tour:
        done = subprocess.run(["bash", "-c", f'PATH="{program.parent}:$PATH"; {command}'], cwd=readme.parent, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
        good = matches(expected, done.stdout.splitlines())
        print(("ok    " if good else "FAIL  ") + command, flush=True)
        if not good:
            failed += 1
            print(f"README.md says:\n{chr(10).join(expected)}\nit printed:\n{done.stdout}")
    print(f"{len(tour) - failed} of {len(tour)} commands print what README.md says")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
