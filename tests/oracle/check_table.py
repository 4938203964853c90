#!/usr/bin/env python3
"""Whether the table in docs/oracle-forms.md is what the oracle prints now; with --write, makes it so.

  check_table.py build/release/tests/oracle_run [--write]

The page is written on a host with all of AVX-512. On one that has less, the rows that depend on it are not looked at.
"""
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/oracle-forms.md"
OF_AVX512 = ("opmask", "avx512", "avx512-more", "compat32", "invalid", "all")


def rows(table):
    """Group -> the other columns."""
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    return {first: rest for first, *rest in cells}


def main():
    printed = subprocess.run([sys.argv[1], "--table"], stdout=subprocess.PIPE, text=True, check=True).stdout
    text = PAGE.read_text(encoding="utf-8")
    head = text[:text.index("| group |")]
    if sys.argv[2:] == ["--write"]:
        PAGE.write_text(head + printed, encoding="utf-8")
        return
    found, written = rows(printed), rows(text[len(head):])
    if int(found["avx512-more"][0]) < int(written["avx512-more"][0]):
        print(f"this host lacks some of AVX-512: not looked at are {', '.join(OF_AVX512)}")
        for group in OF_AVX512:
            found.pop(group, None), written.pop(group, None)
    if found != written:
        sys.exit(f"{PAGE} is not current; run {__file__} {sys.argv[1]} --write")


if __name__ == "__main__":
    main()
