"""Runs `hospes doctor` on this host, or on one that looks different: in namespaces of its own."""
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

LIMIT = 120  # seconds
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]


@dataclasses.dataclass
class Examination:
    """What it said of its findings, by code."""

    status: int
    value: dict
    stderr: str

    def __post_init__(self):
        self.findings = {one["code"]: one for one in self.value["findings"]}

    def severity(self, code):
        return self.findings[code]["severity"]

    def mend(self, code):
        return self.findings[code]["mend"]


class Doctor:
    """The program, where every user may run it, with a data folder that every user may use."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="doctor-")
        where = pathlib.Path(self.folder.name)
        where.chmod(0o755)
        for name in ("hospes", "hospes-vmm"):
            shutil.copy(pathlib.Path(program).parent / name, where)
        self.program = where / "hospes"
        self.data = where / "data"
        self.data.mkdir()
        self.data.chmod(0o1777)

    def close(self):
        self.folder.cleanup()

    def run(self, *options, prefix=(), environment=None, **keywords):
        """As it is. prefix: the words of a program that starts it. environment: more variables; None takes one away."""
        variables = {**os.environ, "XDG_DATA_HOME": str(self.data), **(environment or {})}
        return subprocess.run([*prefix, str(self.program), "doctor", *options], capture_output=True, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, check=False, text=True,
                              env={name: value for name, value in variables.items() if value is not None}, **keywords)

    def examine(self, *options, **keywords):
        result = self.run("--json", *(options or ["--no-speed"]), **keywords)
        return Examination(result.returncode, json.loads(result.stdout), result.stderr)

    def examine_after(self, script, prefix=(), **keywords):
        """Examines a host that `script` has changed, whose mounts are seen by nobody else; needs root."""
        words = ["unshare", "--mount", "sh", "-e", "-c", script + '\nexec "$@"', "sh", *prefix]
        return self.examine(prefix=words, **keywords)
