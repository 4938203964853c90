"""What the tests of images share: stores of their own, the program, its traces."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "run"))
import hospes  # noqa: E402

LIMIT = 1200  # seconds; a build of Debian takes one or two minutes on an idle machine
NOBODY = 65534


class Images:
    """`hospes image` on a store at `where`, an empty folder at first."""

    def __init__(self, program, where, prefix=()):
        self.program, self.where, self.prefix = str(pathlib.Path(program).resolve()), pathlib.Path(where), list(prefix)
        # Not /tmp: there others come and go while one looks for what is left.
        self.temporary = self.where / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.temporary.chmod(0o1777)
        self.hospes = hospes.Hospes(program, environment={"XDG_DATA_HOME": str(where), "TMPDIR": str(self.temporary)})

    def words(self, *words):
        return [*self.prefix, self.program, "image", *words]

    def start(self, *words, **keywords):
        keywords = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                    "env": {**self.hospes.environment, **keywords.pop("env", {})}, **keywords}
        return subprocess.Popen(self.words(*words), **keywords)

    def run(self, *words, **keywords):
        with self.start(*words, **keywords) as process:
            stdout, stderr = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)

    def json(self, *words, **keywords):
        result = self.run(*words, "--json", **keywords)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def traces(self):
        return hospes.Traces(self.hospes, (self.where, self.temporary))

    def work(self):
        return os.listdir(self.where / "hospes/work")


@contextlib.contextmanager
def empty_store(program, prefix=(), owner=None):
    """A store of one's own. Below /var/tmp: an image is too large for a /tmp in memory."""
    with tempfile.TemporaryDirectory(prefix="hospes-images-", dir="/var/tmp") as where:
        if owner is not None:
            os.chown(where, owner, owner)
        yield Images(program, where, prefix)


def wait_until_gone(store, seconds):
    """Until no process of the program is left; a janitor works on after its caller was killed."""
    until = time.monotonic() + seconds
    while hospes.processes_of(store.hospes) and time.monotonic() < until:
        time.sleep(0.05)


def as_nobody():
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "HOME=/nonexistent"]


@contextlib.contextmanager
def as_nobody_with_subordinate_ids():
    """The same for a user who has subordinate ids, whatever this host's /etc/subuid says."""
    with tempfile.NamedTemporaryFile("w", suffix=".subid") as ids:
        ids.write(f"{NOBODY}:100000:65536\n")
        ids.flush()
        os.chmod(ids.name, 0o644)
        script = f'mount --bind {ids.name} /etc/subuid; mount --bind {ids.name} /etc/subgid; exec "$@"'
        yield ["unshare", "--mount", "sh", "-c", script, "sh", *as_nobody()]
