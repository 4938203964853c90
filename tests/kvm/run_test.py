#!/usr/bin/env python3
"""`hospes run` on KVM: tests of tests/integration/run, as they are, in a VM that emulates a host with KVM.

usage: run_test.py --bin build/release/bin --data build/release/data [MODULE.Class.test]...

That host gets this machine's Python, e2fsprogs and the image `micro`. Every VM there is slow to boot: of the tests there
are those that together go all ways of a run, and of which no moment matters.
"""
import argparse
import importlib.util
import json
import marshal
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent / "integration/run"
sys.path.insert(0, str(HERE.parent / "support"))
import kvm_in_tcg  # noqa: E402

SELECTION = (
    "ends_test.Ends.test_bad_user_and_folder",
    "ends_test.Ends.test_death_by_signal",
    "ends_test.Ends.test_guest_that_powers_off",
    "ends_test.Ends.test_kernel_panic",
    "ends_test.Ends.test_unknown_images",
    "ends_test.Signals.test_interrupt_is_for_the_whole_group",
    "settings_test.Machine.test_what_is_written_is_gone_the_next_time",
    "settings_test.Settings.test_cpus",
    "settings_test.Settings.test_words_arrive_as_they_are",
    "streams_test.Streams.test_every_byte_in_every_direction",
    "streams_test.Streams.test_output_goes_on_after_the_end_of_input",
    "streams_test.Streams.test_slow_reader_loses_nothing_and_holds_up_only_its_stream",
)
MODULES = ("ends_test", "settings_test", "streams_test")

# Every run says by which engine it is to be, so none falls back to another one. KVM's count is that of the VMs that
# there are.
SCRIPT = """
export PATH=/work:$PATH PYTHONHOME=/work/python PYTHONDONTWRITEBYTECODE=1 XDG_DATA_HOME=/work/data
export HOSPES_RUN_OPTIONS='--engine kvm'
while sleep 1; do cat /sys/kernel/debug/kvm/exits; done >exits &
{commands}
echo "@@ exits $(sort -n exits | tail -1)"
"""


def python_files():
    """The interpreter, with the modules that the tests import: {name in /work: bytes or path}."""
    listing = ("import sys, json, encodings.ascii, encodings.latin_1, " + ", ".join(MODULES) + "\n"
               "print(json.dumps([[m.__name__, m.__file__, hasattr(m, '__path__')]"
               " for m in list(sys.modules.values()) if getattr(m, '__file__', None)]))")
    listed = subprocess.run([sys.executable, "-c", listing], cwd=TESTS, capture_output=True, text=True, check=True)
    home = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}"
    files = {"python3": sys.executable}
    for name, path, package in json.loads(listed.stdout):
        path = pathlib.Path(path)
        if path.parent == TESTS:
            files[path.name] = path
            continue
        if path.suffix == ".so":
            files[f"{home}/lib-dynload/{path.name}"] = path
            continue
        # Without its source: there is nothing that a date would have to agree with, and nothing to compile there.
        code = compile(path.read_bytes(), str(path), "exec")
        stem = name.replace(".", "/") + ("/__init__" if package else "")
        files[f"{home}/{stem}.pyc"] = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
    return files


def image_files(data):
    """The store with the image `micro` alone."""
    store = pathlib.Path(data) / "hospes"
    digest = (store / "refs/micro").read_text().strip()
    manifest = store / "blobs/sha256" / digest
    names = [digest, *(file["sha256"] for file in json.loads(manifest.read_text())["files"].values())]
    files = {f"data/hospes/blobs/sha256/{name}": store / "blobs/sha256" / name for name in names}
    return {**files, "data/hospes/refs/micro": store / "refs/micro"}


def commands_of(tests):
    """One call of each module, with those of the tests that are its own."""
    for module in MODULES:
        mine = [name.partition(".")[2] for name in tests if name.startswith(module + ".")]
        if mine:
            yield f"python3 {module}.py hospes {' '.join(mine)} 2>&1"


def problems_of(outcome, count):
    """Every test must have run and passed, on KVM."""
    passed = len(re.findall(r" \.\.\. ok$", outcome.stdout, re.MULTILINE))
    if passed != count:
        yield f"{passed} of {count} tests passed"
    exits = re.search(r"^@@ exits (\d+)$", outcome.stdout, re.MULTILINE)
    if not exits or int(exits.group(1)) < 1000:
        yield "KVM's counter says that no guest ran on it"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--limit", type=float, default=400)
    parser.add_argument("tests", nargs="*", default=SELECTION)
    options = parser.parse_args()
    files = {name: options.bin / name for name in ("hospes", "hospes-vmm")}
    files |= {"mke2fs": "/sbin/mke2fs", **python_files(), **image_files(options.data)}
    script = SCRIPT.format(commands="\n".join(commands_of(options.tests)))
    # Without AVX: QEMU 7.2 does not intercept XSETBV, on which KVM relies to know XCR0.
    outcome = kvm_in_tcg.run(kvm_in_tcg.fetch(), script, files, memory=2200, limit=options.limit,
                             without=("avx", "avx2"))
    problems = list(problems_of(outcome, len(options.tests)))
    print(outcome.stdout)
    return outcome.judge(problems)


if __name__ == "__main__":
    sys.exit(main())
