#!/usr/bin/env python3
"""Whether the table in docs/oracle-forms.md is what the oracle prints now; with --write, makes it so.

  check_table.py build/release/tests/oracle_run [--write]
"""
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/oracle-forms.md"


def main():
    table = subprocess.run([sys.argv[1], "--table"], stdout=subprocess.PIPE, text=True, check=True).stdout
    text = PAGE.read_text(encoding="utf-8")
    head = text[:text.index("| group |")]
    if sys.argv[2:] == ["--write"]:
        PAGE.write_text(head + table, encoding="utf-8")
    elif text != head + table:
        sys.exit(f"{PAGE} is not current; run {__file__} {sys.argv[1]} --write")


if __name__ == "__main__":
    main()
