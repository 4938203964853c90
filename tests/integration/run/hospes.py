"""Runs `hospes run` as a user would, and looks at what it leaves on the host."""
import contextlib
import os
import pathlib
import secrets
import shlex
import shutil
import subprocess
import tempfile
import time

LIMIT = 120  # seconds; a run takes a few


def data_folder():
    default = pathlib.Path.home() / ".local/share"
    return pathlib.Path(os.environ.get("XDG_DATA_HOME") or default) / "hospes"


class Hospes:
    """The program under test."""

    MARK = "HOSPES_TEST_RUN"

    def __init__(self, program, image="micro", environment=None):
        self.program = pathlib.Path(program).resolve()
        self.image = image
        # Inherited by all that it starts, so that these are told from other tests' processes.
        self.mark = secrets.token_hex(8)
        self.environment = {**os.environ, **(environment or {}), self.MARK: self.mark}
        # Of every run, before its own: how tests/kvm has these tests run on the other engine.
        self.options = shlex.split(os.environ.get("HOSPES_RUN_OPTIONS", ""))

    def words(self, command, options=(), image=None):
        options = (*self.options, *options)
        return [str(self.program), "run", *map(str, options), image or self.image, "--", *map(str, command)]

    def shell_words(self, script, options=(), image=None):
        return self.words(["sh", "-c", script], options, image)

    def run(self, *command, options=(), image=None, **keywords):
        """Runs it to its end; input=b"..." is its standard input, nothing by default; env={...} adds variables."""
        if "input" not in keywords and "stdin" not in keywords:
            keywords["stdin"] = subprocess.DEVNULL
        keywords["env"] = {**self.environment, **keywords.get("env", {})}
        keywords = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": LIMIT, "check": False, **keywords}
        return subprocess.run(self.words(command, options, image), **keywords)

    def shell(self, script, options=(), image=None, **keywords):
        return self.run("sh", "-c", script, options=options, image=image, **keywords)

    def start(self, *command, options=(), image=None, **keywords):
        """Starts it with pipes; the caller ends it."""
        keywords = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                    "env": self.environment, **keywords}
        return subprocess.Popen(self.words(command, options, image), **keywords)


@contextlib.contextmanager
def running(hospes, script, **keywords):
    """A guest shell that runs `script`, which says "ready" first; ended whatever happens."""
    process = hospes.start("sh", "-c", "echo ready; " + script, **keywords)
    try:
        first = process.stdout.readline()
        assert first == b"ready\n", (first, process.stderr.read())
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream and not stream.closed:
                stream.close()


def processes_of(hospes):
    """Ids of all that `hospes` started and that still is there, zombies left out."""
    mark = f"{hospes.MARK}={hospes.mark}".encode()
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    return found


def vmm_of(hospes):
    """The id of the one hospes-vmm that runs for `hospes`."""
    names = {pid: pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii") for pid in processes_of(hospes)}
    (vmm,) = [pid for pid, name in names.items() if name == "hospes-vmm\n"]
    return vmm


class Traces:
    """What the runs of `hospes` could leave behind: processes, files in `folders`, mounts, loop devices."""

    def __init__(self, hospes, folders):
        self.hospes, self.folders = hospes, folders
        self.processes = processes_of(hospes)
        self.files = {str(path) for folder in folders for path in pathlib.Path(folder).rglob("*")}
        self.mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
        self.loops = {str(path) for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file")}

    def new(self, patience=5):
        """What is there now and was not; a killed process gets `patience` seconds to be gone."""
        until = time.monotonic() + patience
        while processes_of(self.hospes) - self.processes and time.monotonic() < until:
            time.sleep(0.02)
        now = Traces(self.hospes, self.folders)
        found = [f"process {process}" for process in now.processes - self.processes]
        found += [f"file {path}" for path in sorted(now.files - self.files)]
        found += [f"loop device {path}" for path in sorted(now.loops - self.loops)]
        return found + ([] if now.mounts == self.mounts else ["mounts: " + now.mounts])


@contextlib.contextmanager
def private_store(owner=None, below=None):
    """A copy of the user's images in a folder of its own, as XDG_DATA_HOME."""
    where = pathlib.Path(tempfile.mkdtemp(prefix="store-", dir=below))
    try:
        for part in ("blobs", "refs"):
            shutil.copytree(data_folder() / part, where / "hospes" / part)
        if owner is not None:
            for path in (where, *where.rglob("*")):
                os.chown(path, owner, owner)
        yield where
    finally:
        shutil.rmtree(where)
