#!/usr/bin/env python3
"""Builds what a test guest boots from: an initrd around a static busybox, and ext4 disks.

Needs no root and no packages but e2fsprogs: the cpio archive is written here, device nodes come from the
guest's devtmpfs. Usable as a module and as a program (see --help).
"""
import argparse
import lzma
import pathlib
import re
import stat
import subprocess
import sys

# What an init may load, in no particular order: dependencies and builtin modules are sorted out below.
MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "virtio-rng", "crc32c_generic", "ext4", "loop")
DIRECTORIES = ("bin", "dev", "proc", "sys", "tmp", "mnt", "lib", "lib/modules")


class Cpio:
    """An archive in the format that Linux unpacks as its first root ("newc")."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def add(self, name, mode, data=b""):
        self.inode += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self.inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        for part in (head, data):
            self.parts.append(part + b"\0" * (-len(part) % 4))

    def directory(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o755):
        self.add(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def bytes(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


class Modules:
    """The loadable modules of one kernel package (which has no modules.dep: that is made at installation)."""

    def __init__(self, directory):
        self.files = {}
        for path in pathlib.Path(directory).rglob("*.ko*"):
            self.files[self.key(path.name.split(".ko")[0])] = path
        builtin = (pathlib.Path(directory) / "modules.builtin").read_text().split()
        self.builtin = {self.key(pathlib.Path(name).stem) for name in builtin}

    @staticmethod
    def key(name):
        return name.replace("-", "_")

    def data(self, name):
        path = self.files[name]
        raw = path.read_bytes()
        return lzma.decompress(raw) if path.suffix == ".xz" else raw

    def load_order(self, names):
        """Modules to insert, each after all that it depends on: [(name, data)]."""
        done = {}

        def visit(name):
            name = self.key(name)
            if not name or name in done or name in self.builtin:
                return
            data = self.data(name)
            for wanted in re.findall(rb"\0depends=([^\0]*)", data):
                for dependency in wanted.decode().split(","):
                    visit(dependency)
            done[name] = data

        for name in names:
            visit(name)
        return list(done.items())


def build_initrd(guest, init, extra=None, modules=MODULES):
    """The initrd as bytes. guest: a directory made by scripts/fetch-guest; extra: {path: bytes, or None for a directory}."""
    guest = pathlib.Path(guest)
    archive = Cpio()
    for name in DIRECTORIES:
        archive.directory(name)
    archive.file("bin/busybox", (guest / "busybox").read_bytes())
    archive.link("bin/sh", "busybox")
    order = Modules(guest / "modules").load_order(modules)
    for name, data in order:
        archive.file(f"lib/modules/{name}.ko", data, 0o644)
    archive.file("lib/modules/order", "".join(f"{name}\n" for name, _ in order).encode(), 0o644)
    for name, data in (extra or {}).items():
        archive.directory(name) if data is None else archive.file(name, data)
    archive.file("init", init)
    return archive.bytes()


def build_disk(path, mebibytes, tree=None):
    """An ext4 image, with the files of a directory tree if one is named."""
    path = pathlib.Path(path)
    path.unlink(missing_ok=True)
    with open(path, "wb") as file:
        file.truncate(mebibytes << 20)
    command = ["mkfs.ext4", "-q", "-F", "-E", "root_owner=0:0"]
    if tree:
        command += ["-d", str(tree)]
    subprocess.run([*command, str(path)], check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    initrd = commands.add_parser("initrd", help="write an initrd")
    initrd.add_argument("--guest", required=True, help="directory made by scripts/fetch-guest")
    initrd.add_argument("--init", required=True, help="program that becomes /init")
    initrd.add_argument("output")
    disk = commands.add_parser("disk", help="write an ext4 image")
    disk.add_argument("--tree", help="directory whose files it holds")
    disk.add_argument("--size", type=int, default=32, help="MiB")
    disk.add_argument("output")
    options = parser.parse_args()
    if options.command == "initrd":
        init = pathlib.Path(options.init).read_bytes()
        pathlib.Path(options.output).write_bytes(build_initrd(options.guest, init))
    else:
        build_disk(options.output, options.size, options.tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
