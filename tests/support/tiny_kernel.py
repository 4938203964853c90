"""The smallest kernels: an ELF file with a PVH note around a few bytes of 32-bit code, and files that are not kernels."""
import struct

LOAD_ADDRESS = 0x100000
XEN_ELFNOTE_PHYS32_ENTRY = 18
EM_X86_64, EM_AARCH64 = 62, 183


def pvh_kernel(code, machine=EM_X86_64):
    """An ELF64 executable whose PVH entry is the first byte of `code`."""
    note = struct.pack("<III4sI", 4, 4, XEN_ELFNOTE_PHYS32_ENTRY, b"Xen\0", LOAD_ADDRESS)
    headers = 64 + 2 * 56
    code_at = headers + len(note) + (-len(note) % 16)

    def segment(kind, offset, size):
        address = LOAD_ADDRESS - code_at + offset
        return struct.pack("<IIQQQQQQ", kind, 7, offset, address, address, size, size, 4)

    elf = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, machine, 1, LOAD_ADDRESS, 64, 0, 0, 64, 56, 2,
                      64, 0, 0)
    segments = segment(1, code_at, len(code)) + segment(4, headers, len(note))
    return (elf + segments + note).ljust(code_at, b"\0") + code


def out_byte(port, value):
    """mov dx, port; mov al, value; out dx, al"""
    return b"\x66\xba" + struct.pack("<H", port) + b"\xb0" + bytes([value]) + b"\xee"


HALT = b"\xfa\xf4\xeb\xfd"  # cli; hlt; jmp back to the hlt
# lidt [esp] of an empty table, then ud2: no handler, no double fault handler
TRIPLE_FAULT = b"\xbc\x00\x80\x00\x00\x6a\x00\x6a\x00\x0f\x01\x1c\x24\x0f\x0b"


def debug_exit(value):
    return pvh_kernel(out_byte(0xF4, value) + HALT)


def triple_fault():
    return pvh_kernel(TRIPLE_FAULT + HALT)


def reset(port, value):
    """0xcf9 with 6, or the keyboard controller's 0x64 with 0xfe."""
    return pvh_kernel(out_byte(port, value) + HALT)


def print_text(text):
    """Writes to the first serial port, ready or not."""
    return b"".join(out_byte(0x3F8, byte) for byte in text.encode())


def print_and_exit(text, value):
    return pvh_kernel(print_text(text) + out_byte(0xF4, value) + HALT)


def print_and_wait(text):
    return pvh_kernel(print_text(text) + HALT)


def truncated_bzimage():
    """A Linux setup header that promises a kernel of 8 MiB, and then nothing."""
    image = bytearray(1024)
    image[0x1F1] = 4                                   # setup sectors
    image[0x1F4:0x1F8] = struct.pack("<I", 8 << 16)    # protected-mode code, in 16-byte units
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = struct.pack("<H", 0x20F)
    image[0x211] = 1                                   # loaded high
    image[0x236:0x238] = struct.pack("<H", 0x3)        # 64-bit entry, may lie above 4 GiB
    return bytes(image)
