#!/usr/bin/env python3
"""Whether the table in docs/oracle-forms.md is what the oracle prints now; with --write, makes it so.

  check_table.py build/release/tests/oracle_run [--write]

The table is that of a host with all the extensions that the oracle knows; on others there is nothing to compare it with
(status 77, which CTest knows).
"""
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/oracle-forms.md"


YOUNGEST = "avx512_vp2intersect"


def main():
    if YOUNGEST not in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").split():
        print(f"SKIP: this host's CPU lacks {YOUNGEST}")
        sys.exit(77)
    table = subprocess.run([sys.argv[1], "--table"], stdout=subprocess.PIPE, text=True, check=True).stdout
    text = PAGE.read_text(encoding="utf-8")
    head = text[:text.index("| group |")]
    if sys.argv[2:] == ["--write"]:
        PAGE.write_text(head + table, encoding="utf-8")
    elif text != head + table:
        sys.exit(f"{PAGE} is not current; run {__file__} {sys.argv[1]} --write")


if __name__ == "__main__":
    main()
