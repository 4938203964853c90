"""A process VM without the CLI: hospes-vmm with hospes-init in it, driven over the sockets of its ports.

What src/api/session/ says, written a second time: a mistake that both ends of the C++ share would show here.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import guest_image  # noqa: E402

BOOT_MODULES = ("virtio_pci", "virtio_console", "virtio_blk", "squashfs", "overlay")
CMDLINE = "console=ttyS0 quiet panic=-1 reboot=t"
HELLO, START, STARTED, FAILED, ENDED, SIGNAL, WINDOW_SIZE = range(7)
SETUP, NOT_FOUND, NOT_EXECUTABLE, BAD_USER, BAD_DIRECTORY = range(5)
PORTS = ("control", "stdin", "stdout", "stderr")
TOOLS = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
VERSION = "6.test"  # the name of the modules' folder matters to nobody here

PASSWD = "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:a user:/home/web:/bin/sh\n"
GROUP = "root:x:0:\ntty:x:5:\nwww:x:1001:\nextra:x:1002:other,web\n"


def text(content):
    return struct.pack("<I", len(content)) + content


def frame(kind, fields=b""):
    return struct.pack("<IH", len(fields) + 2, kind) + fields


def start_frame(words, environment=(), directory="", user="", host_name="box", local_time=b"", terminal=None):
    def listed(items):
        return struct.pack("<I", len(items)) + b"".join(text(os.fsencode(item)) for item in items)

    rows, columns = terminal or (0, 0)
    return frame(START, listed(words) + listed(environment) + text(directory.encode()) + text(user.encode())
                 + text(host_name.encode()) + text(local_time)
                 + struct.pack("<BHH", terminal is not None, rows, columns))


class Images:
    """The files that every VM of a test run shares, in a directory that the caller owns."""

    def __init__(self, guest, init, where):
        self.guest, self.where = pathlib.Path(guest), pathlib.Path(where)
        self.initrd, self.userland, self.modules = (self.where / name for name in ("initrd", "userland", "modules"))
        self.initrd.write_bytes(self.our_archive(init) + self.boot_modules())
        self.squash(self.userland_tree(), self.userland)
        self.squash(self.modules_tree(), self.modules)

    @staticmethod
    def our_archive(init):
        archive = guest_image.Cpio()
        archive.file("init", pathlib.Path(init).read_bytes())
        return archive.bytes()

    def boot_modules(self):
        archive = guest_image.Cpio()
        for name in ("lib", "lib/modules"):
            archive.directory(name)
        order = guest_image.Modules(self.guest / "modules").load_order(BOOT_MODULES)
        for name, data in order:
            archive.file(f"lib/modules/{name}.ko", data, 0o644)
        archive.file("lib/modules/order", "".join(f"{name}.ko\n" for name, _ in order).encode(), 0o644)
        return archive.bytes()

    def userland_tree(self):
        tree = self.where / "userland.tree"
        for name in ("bin", "etc", "usr/lib", "root", "home/web", "srv"):
            (tree / name).mkdir(parents=True)
        (tree / "lib").symlink_to("usr/lib")
        busybox = tree / "bin/busybox"
        busybox.write_bytes((self.guest / "busybox").read_bytes())
        busybox.chmod(0o755)
        for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
            if name != "busybox":
                (tree / "bin" / name).symlink_to("busybox")
        for name, content, mode in (("etc/passwd", PASSWD, 0o644), ("etc/group", GROUP, 0o644),
                                    ("srv/plain", "no program\n", 0o644), ("srv/script", "echo by $0 with $1\n", 0o755),
                                    ("srv/lost", "#!/no/such/shell\n", 0o755), ("srv/binary", "\x7fEL\0F\n", 0o755)):
            (tree / name).write_text(content)
            (tree / name).chmod(mode)
        return tree

    def modules_tree(self):
        tree = self.where / "modules.tree"
        (tree / VERSION).mkdir(parents=True)
        (tree / VERSION / "loop.ko").write_bytes(guest_image.Modules(self.guest / "modules").data("loop"))
        return tree

    @staticmethod
    def squash(tree, path):
        subprocess.run(["mksquashfs", tree, path, "-noappend", "-all-root", "-quiet", "-no-progress"], check=True,
                       env=TOOLS)

    def layer(self, path):
        with open(path, "wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", path], check=True, env=TOOLS)


class ProcessVm:
    """One VM, up to the moment where it waits for its Start."""

    def __init__(self, program, images, memory=256, cmdline=CMDLINE, options=()):
        self.layer = images.where / f"layer-{os.getpid()}-{id(self)}"
        images.layer(self.layer)
        pairs = {name: socket.socketpair() for name in PORTS}
        self.sockets = {name: ours for name, (ours, _) in pairs.items()}
        theirs = {name: end for name, (_, end) in pairs.items()}
        command = [program, "--kernel", images.guest / "vmlinuz", "--initrd", images.initrd, "--memory", memory,
                   "--cmdline", cmdline, "--no-reboot", "--disk", f"{images.userland},readonly=on",
                   "--disk", f"{images.modules},readonly=on", "--disk", self.layer, *options]
        for name, end in theirs.items():
            command += ["--port", f"hospes.{name}={end.fileno()}"]
        self.began = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        pass_fds=[end.fileno() for end in theirs.values()])
        for end in theirs.values():
            end.close()
        self.log = b""
        for end in self.sockets.values():
            end.settimeout(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.log += self.process.communicate()[0]
        for end in self.sockets.values():
            end.close()
        self.layer.unlink()

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sockets["control"].recv(count - len(data))
            if not more:
                self.process.kill()
                self.log += self.process.communicate()[0]
                raise EOFError(f"the control port has ended; the console says: {self.log.decode(errors='replace')}")
            data += more
        return data

    def receive(self):
        """The next message: (type, its fields)."""
        length, kind = struct.unpack("<IH", self.read_exactly(6))
        return kind, self.read_exactly(length - 2)

    def send(self, data):
        self.sockets["control"].sendall(data)

    def start(self, *words, **settings):
        """Hello to Started; or what came in its place."""
        kind, fields = self.receive()
        assert (kind, fields) == (HELLO, struct.pack("<I", 1)), (kind, fields)
        self.send(start_frame(words, **settings))
        return self.receive()

    def read_all(self, name):
        data = bytearray()
        while more := self.sockets[name].recv(1 << 16):
            data += more
        return bytes(data)

    def close_input(self):
        self.sockets["stdin"].shutdown(socket.SHUT_WR)

    def end(self):
        """(status, signal)"""
        kind, fields = self.receive()
        assert kind == ENDED, (kind, fields)
        return tuple(fields)
