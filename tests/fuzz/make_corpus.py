#!/usr/bin/env python3
"""Writes the seed corpus: inputs that take each fuzz target to its deeper states. Run after a change of a target's format."""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent / "corpus"


def save(target, name, data):
    folder = HERE / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


# virtqueue_fuzz: one byte of log2(size) | event index << 7, then operations.
def descriptor(where, address, length, flags, following):
    out = bytes([0, where])
    if not where & 0x40:
        out += struct.pack("<Q", address)
    return out + bytes([255]) + struct.pack("<HBH", length, flags, following)


POP, PUBLISH, NOTIFY = bytes([4]), bytes([6]), bytes([7])
ADVANCE = bytes([3, 1])


def ring(slot_value):
    return bytes([2, slot_value])


def pushed(written):
    return POP + struct.pack("<I", written)


save("virtqueue_fuzz", "chain", bytes([4]) + descriptor(0, 0x20000, 0x10, 1, 1) + descriptor(1, 0x21000, 0x200, 3, 2)
     + descriptor(2, 0x22000, 0x10, 2, 0) + ring(0) + ADVANCE + pushed(0x210) + PUBLISH + NOTIFY)
save("virtqueue_fuzz", "indirect", bytes([0x84]) + descriptor(0x80, 0x20000, 0x10, 1, 1)
     + descriptor(0x81, 0x21000, 0x200, 2, 0) + descriptor(0x40, 0, 0x20, 4, 0) + ring(0) + ADVANCE + pushed(0x200)
     + PUBLISH + NOTIFY)
save("virtqueue_fuzz", "loop", bytes([4]) + descriptor(0, 0x20000, 0x10, 1, 1) + descriptor(1, 0x20000, 0x10, 1, 0)
     + ring(0) + ADVANCE + pushed(0))
save("virtqueue_fuzz", "many", bytes([3]) + descriptor(0, 0x20000, 0x10, 2, 0)
     + b"".join(ADVANCE + pushed(16) + PUBLISH + NOTIFY for _ in range(20)))


# virtio_blk_request_fuzz: counts, writable lengths, then readable buffers as length and content.
def blk(kind, sector, writable, extra=b""):
    header = struct.pack("<IIQ", kind, 0, sector)
    readable = [header] + ([extra] if extra else [])
    out = bytes([len(readable), len(writable)]) + b"".join(struct.pack("<H", length) for length in writable)
    out += bytes([len(header)]) + header
    if extra:
        out += bytes([len(extra) // 4]) + extra
    return out


save("virtio_blk_request_fuzz", "read", blk(0, 3, [512, 513]))
save("virtio_blk_request_fuzz", "write", blk(1, 3, [1], bytes(512)))
save("virtio_blk_request_fuzz", "flush", blk(4, 0, [1]))
save("virtio_blk_request_fuzz", "serial", blk(8, 0, [20, 1]))
save("virtio_blk_request_fuzz", "discard", blk(11, 0, [1], struct.pack("<QII", 8, 16, 0)))
save("virtio_blk_request_fuzz", "zeroes", blk(13, 0, [1], struct.pack("<QII", 8, 16, 1)))


# pci_config_fuzz: see run() there.
def config(slot, register, value, size=4):
    raw = slot | (register & 0xfc) << 2 | (register & 3) << 14
    return bytes([{1: 0, 2: 1, 4: 2}[size] << 4]) + struct.pack("<HI", raw, value)


def mmio(slot, page, offset, value, size):
    return bytes([3 | {1: 0, 2: 1, 4: 2}[size] << 4]) + struct.pack("<II", slot << 11 | page << 8 | offset, value)


def ram(address, value):
    return bytes([5 | 3 << 4]) + struct.pack("<QH", value, address)


def start(device, queues):
    """Brings `device` (0 is slot 1) to DRIVER_OK with rings at 0x1000 + 0x2000 a queue."""
    out = config(device + 1, 4, 6, 2)
    out += mmio(device, 0, 20, 3, 1) + mmio(device, 0, 8, 1, 4) + mmio(device, 0, 12, 1, 4) + mmio(device, 0, 20, 11, 1)
    for queue in range(queues):
        base = 0x1000 + 0x2000 * queue
        out += mmio(device, 0, 22, queue, 2) + mmio(device, 0, 24, 8, 2)
        out += b"".join(mmio(device, 0, 32 + 8 * part, base + 0x400 * part, 4) for part in range(3))
        out += mmio(device, 0, 28, 1, 2)
    return out + mmio(device, 0, 20, 15, 1)


def chain(base, buffers):
    out = b""
    for index, (address, length, flags) in enumerate(buffers):
        last = index + 1 == len(buffers)
        out += ram(base + 16 * index, address)
        out += ram(base + 16 * index + 8, length | (flags | (0 if last else 1)) << 32 | (index + 1) << 48)
    return out + ram(base + 0x400, 1 << 16)  # available index 1, ring[0] = 0


save("pci_config_fuzz", "blk", start(0, 1) + ram(0x8000, 0) + ram(0x8008, 1)
     + chain(0x1000, [(0x8000, 16, 0), (0x9000, 512, 2), (0xa000, 1, 2)]) + mmio(0, 3, 0, 0, 2))
save("pci_config_fuzz", "console", start(1, 2) + chain(0x1000, [(0x8000, 16, 2)]) + mmio(1, 3, 0, 0, 2)
     + chain(0x3000, [(0x8000, 16, 0)]) + mmio(1, 3, 4, 1, 2))
save("pci_config_fuzz", "rng", start(2, 1) + chain(0x1000, [(0x8000, 64, 2)]) + mmio(2, 3, 0, 0, 2) + bytes([0xff]))
save("pci_config_fuzz", "bars", b"".join(config(1, 0x10 + 4 * i, 0xffffffff) for i in range(6))
     + config(1, 0x10, 0xd0000000) + config(1, 0x14, 0) + config(1, 4, 6, 2))
save("pci_config_fuzz", "msix", config(2, 4, 6, 2) + mmio(1, 4, 0, 0xfee00000, 4) + mmio(1, 4, 12, 0, 4)
     + b"".join(config(2, register, 0xc0000000) for register in range(0x40, 0xc0, 4)))
