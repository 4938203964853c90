#!/usr/bin/env python3
"""Reads the #include lines under src/ and fails on an arrow that docs/architecture.md does not draw.

  check_includes.py SOURCE_DIRECTORY     check it; status 1 and a list when something is wrong
  check_includes.py --self-test          prove that wrong arrows are seen

Also fails on a file of more than 800 lines that is not listed as a table, and on a folder that nobody drew.
"""
import pathlib
import re
import sys
import tempfile

MAX_LINES = 800
# Files that are data rather than code may be longer: path below src/ -> why.
TABLES = {}

# Folder -> the folders it may include besides itself. "*" is everything.
FACTS = {"base", "x86"}
BELOW_ENGINE = FACTS | {"memory", "cpu"}
BELOW_DEVICES = FACTS | {"memory", "bus"}
BELOW_MACHINE = BELOW_ENGINE | {"bus", "devices", "virtio", "block", "net", "display", "engine/kvm",
                                "engine/translator"}
ARROWS = {
    "base": set(),
    "x86": {"base"},
    "memory": FACTS,
    "cpu": FACTS | {"memory"},
    "bus": FACTS | {"memory"},
    "engine/translator": BELOW_ENGINE,
    "engine/kvm": BELOW_ENGINE,
    "engine/choice": {"base", "engine/kvm"},
    "devices": BELOW_DEVICES,
    "block": {"base"},
    "sandbox": {"base"},
    "net": {"base"},
    "virtio": BELOW_DEVICES | {"block", "net"},
    "display": {"base", "memory"},
    "machine": BELOW_MACHINE,
    "gdb": {"base", "x86", "memory", "cpu"},
    "api": {"base"},
    "guest": {"base", "api"},
    "vmm": BELOW_MACHINE | {"machine", "api", "engine/choice", "gdb", "sandbox"},
    "tool": {"base"},
    "image": {"base", "tool"},
    "run": {"base", "tool", "api", "image"},
    "doctor": {"base", "x86", "image", "run", "engine/choice", "sandbox"},
    "cli": {"base", "api", "image", "run", "doctor", "engine/choice"},
    "apps": {"*"},
}
# System headers that only one folder may use.
OWNED_HEADERS = {"linux/kvm.h": "engine/kvm"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
SOURCES = {".h", ".cc", ".cpp", ".c", ".S", ".inc"}


def folder_of(path):
    """The drawn folder that a path below src/ lies in, or None."""
    parts = pathlib.PurePosixPath(path).parts
    for name in ("/".join(parts[:2]), parts[0]):
        if name in ARROWS and len(parts) > 1:
            return name
    return None


def include_problems(source, path, text):
    folder = folder_of(path)
    if folder is None:
        return [f"{path}: no folder of the architecture; draw it in docs/architecture.md and in {__file__}"]
    found = []
    for quote, name in INCLUDE.findall(text):
        owner = OWNED_HEADERS.get(name)
        if owner and owner != folder:
            found.append(f"{path}: includes <{name}>, which is for {owner} only")
        if quote != '"':
            continue
        if (source / path).parent.joinpath(name).exists() and not (source / name).exists():
            found.append(f'{path}: includes "{name}" relative to itself; write it from src/ on')
            continue
        target = folder_of(name)
        if target is None:
            if not (source / name).exists() and "/" not in name:
                continue  # a generated or third-party header
            found.append(f'{path}: includes "{name}", which lies in no folder of the architecture')
        elif target != folder and not ARROWS[folder] & {target, "*"}:
            found.append(f'{path}: includes "{name}", but there is no arrow from {folder} to {target}')
    return found


def check(source):
    found = []
    for file in sorted(pathlib.Path(source).rglob("*")):
        if file.suffix not in SOURCES or not file.is_file():
            continue
        path = file.relative_to(source).as_posix()
        text = file.read_text(encoding="utf-8")
        found += include_problems(pathlib.Path(source), path, text)
        lines = text.count("\n")
        if lines > MAX_LINES and path not in TABLES:
            found.append(f"{path}: {lines} lines, more than {MAX_LINES}; split it, or list it as a table")
    return found


def self_test():
    """Good trees must pass and each wrong line must be found: (path, content, words of the complaint or None)."""
    cases = [
        ("base/log.cc", '#include "base/log.h"\n#include <vector>\n', None),
        ("machine/board/pc.cc", '#include "devices/serial/uart.h"\n#include "engine/translator/engine.h"\n', None),
        ("engine/kvm/vcpu.cc", "#include <linux/kvm.h>\n", None),
        ("apps/hospes_vmm.cc", '#include "vmm/run.h"\n', None),
        ("base/log.cc", '#include "memory/ram.h"\n', "no arrow from base to memory"),
        ("x86/cpuid.cc", '  #  include "cpu/engine.h"\n', "no arrow from x86 to cpu"),
        ("devices/serial/uart.cc", '#include "engine/translator/engine.h"\n', "no arrow from devices"),
        ("devices/serial/uart.cc", '#include "cpu/engine.h"\n', "no arrow from devices to cpu"),
        ("engine/kvm/vcpu.cc", '#include "engine/translator/emit/emit.h"\n', "no arrow from engine/kvm"),
        ("engine/translator/emit/emit.cc", '#include "engine/kvm/vcpu.h"\n', "no arrow from engine/translator"),
        ("virtio/blk/device.cc", '#include "devices/serial/uart.h"\n', "no arrow from virtio to devices"),
        ("block/raw.cc", '#include "virtio/queue/queue.h"\n', "no arrow from block to virtio"),
        ("machine/pc.cc", "#include <linux/kvm.h>\n", "for engine/kvm only"),
        ("gadgets/a.cc", "\n", "no folder of the architecture"),
        ("memory/ram.cc", '#include "gadgets/a.h"\n', "no folder of the architecture"),
        ("memory/long.cc", "\n" * (MAX_LINES + 1), "more than 800"),
    ]
    failed = 0
    for path, content, complaint in cases:
        with tempfile.TemporaryDirectory() as where:
            file = pathlib.Path(where, path)
            file.parent.mkdir(parents=True)
            file.write_text(content, encoding="utf-8")
            found = check(where)
        good = not found if complaint is None else len(found) == 1 and complaint in found[0]
        if not good:
            print(f"SELF-TEST {path} {content[:60]!r}: wanted {complaint!r}, found {found}")
            failed += 1
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    found = check(sys.argv[1])
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
