#!/usr/bin/env python3
"""Writes the seed corpus: inputs that take each fuzz target to its deeper states. Run after a change of a target's format."""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

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


# session_frame_fuzz: the size of the pieces minus one, then frames.
def frame(kind, fields=b""):
    return struct.pack("<IH", len(fields) + 2, kind) + fields


def text(content):
    return struct.pack("<I", len(content)) + content


def words(*contents):
    return struct.pack("<I", len(contents)) + b"".join(map(text, contents))


START = frame(1, words(b"sh", b"-c", b"exit 7") + words(b"A=1") + text(b"/srv") + text(b"web:www") + text(b"box")
              + text(b"TZif\0") + struct.pack("<BHH", 1, 24, 80))
save("session_frame_fuzz", "down", bytes([2]) + START + frame(5, bytes([15])) + frame(6, struct.pack("<HH", 50, 132)))
save("session_frame_fuzz", "up", bytes([255]) + frame(0, struct.pack("<I", 1)) + frame(2) + frame(4, bytes([7, 0]))
     + frame(3, bytes([1]) + text(b"no such file")))
save("session_frame_fuzz", "count", bytes([0]) + frame(1, struct.pack("<I", 0x3FFFFFFF)))
save("session_frame_fuzz", "length", bytes([3]) + b"\xff\xff\x0f\0\1\0")


# speed_report_fuzz: a console.
REPORT = b"".join(b"hospes-speed %s 1000 00ff\n" % name for name in (b"int", b"fp", b"simd", b"sys", b"mem"))
save("speed_report_fuzz", "whole", b"[ 0.1] x\r\nhospes-speed 1 begin\n" + REPORT + b"hospes-speed end\n")
save("speed_report_fuzz", "zero", REPORT.replace(b"fp 1000", b"fp 0"))
save("speed_report_fuzz", "large", REPORT.replace(b"00ff", b"ffffffffffffffffff"))


# pci_config_fuzz: see run() there.
def config(slot, register, value, size=4):
    raw = slot | (register & 0xfc) << 2 | (register & 3) << 14
    return bytes([{1: 0, 2: 1, 4: 2}[size] << 4]) + struct.pack("<HI", raw, value)


def mmio(slot, page, offset, value, size):
    return bytes([3 | {1: 0, 2: 1, 4: 2}[size] << 4]) + struct.pack("<II", slot << 11 | page << 8 | offset, value)


def ram(address, value):
    return bytes([5 | 3 << 4]) + struct.pack("<QH", value, address)


def start(device, queues, features=0):
    """Brings `device` (0 is slot 1) to DRIVER_OK with rings at 0x1000 + 0x2000 a queue."""
    out = config(device + 1, 4, 6, 2)
    out += mmio(device, 0, 20, 3, 1) + mmio(device, 0, 8, 0, 4) + mmio(device, 0, 12, features, 4)
    out += mmio(device, 0, 8, 1, 4) + mmio(device, 0, 12, 1, 4) + mmio(device, 0, 20, 11, 1)
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
TURN, OPEN_PORT = bytes([7]), struct.unpack("<Q", struct.pack("<IHH", 1, 6, 1))[0]
save("pci_config_fuzz", "console_port", start(1, 6, 2) + ram(0xD000, OPEN_PORT) + chain(0x7000, [(0xD000, 8, 0)])
     + mmio(1, 3, 12, 3, 2) + chain(0x9000, [(0xD100, 80, 2)]) + ram(0x9400, 8 << 16) + mmio(1, 3, 16, 4, 2)
     + chain(0xB000, [(0xD000, 256, 0)])
     + mmio(1, 3, 20, 5, 2) + chain(0x5000, [(0xD200, 64, 2)]) + TURN * 8 + ram(0xD000, OPEN_PORT ^ 1 << 48)
     + ram(0x7400, 2 << 16) + mmio(1, 3, 12, 3, 2) + TURN * 8)
save("pci_config_fuzz", "rng", start(2, 1) + chain(0x1000, [(0x8000, 64, 2)]) + mmio(2, 3, 0, 0, 2) + bytes([0xff]))
save("pci_config_fuzz", "bars", b"".join(config(1, 0x10 + 4 * i, 0xffffffff) for i in range(6))
     + config(1, 0x10, 0xd0000000) + config(1, 0x14, 0) + config(1, 4, 6, 2))
save("pci_config_fuzz", "msix", config(2, 4, 6, 2) + mmio(1, 4, 0, 0xfee00000, 4) + mmio(1, 4, 12, 0, 4)
     + b"".join(config(2, register, 0xc0000000) for register in range(0x40, 0xc0, 4)))


# boot_image_fuzz: sizes of RAM, initrd and command line, then the file.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tiny_kernel  # noqa: E402

KERNEL_AT = 0x100000


def bzimage(code):
    """A bzImage with one setup sector: what the boot protocols need, and `code` at its 64-bit entry."""
    body = (b"\0" * 0x200 + code).ljust(0x400, b"\0")
    image = bytearray(tiny_kernel.truncated_bzimage())
    image[0x1F1] = 1
    image[0x1F4:0x1F8] = struct.pack("<I", len(body) // 16)
    image[0x201] = 0x6A                                              # the header ends at 0x26c
    image[0x22C:0x230] = struct.pack("<I", 0x7FFFFFFF)               # highest address of an initrd
    image[0x238:0x23C] = struct.pack("<I", 0x7FF)                    # length of a command line
    image[0x258:0x264] = struct.pack("<QI", KERNEL_AT, 0x10000)      # preferred address, memory it needs
    return bytes(image) + body


def bzimage_32(code):
    """The same without a 64-bit entry."""
    image = bytearray(bzimage(code))
    image[0x236] = 0
    return bytes(image)


def multiboot_elf(code):
    """A 32-bit ELF file without a PVH note, with the Multiboot header in its segment."""
    multiboot = struct.pack("<III", 0x1BADB002, 0, -0x1BADB002 & 0xFFFFFFFF)
    content = multiboot + code
    header = struct.pack("<4sBBB9xHHIIIIIHHHHHH", b"\x7fELF", 1, 1, 1, 2, 3, 1, KERNEL_AT + len(multiboot), 52, 0, 0, 52,
                         32, 1, 40, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 84, KERNEL_AT, KERNEL_AT, len(content), len(content) + 64, 7, 4)
    return header + segment + content


def multiboot_raw(code):
    """No ELF file: the addresses are in the Multiboot header."""
    flags = 1 << 16
    size = 32 + len(code)
    return struct.pack("<IIIIIIII", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, KERNEL_AT, KERNEL_AT,
                       KERNEL_AT + size, KERNEL_AT + size + 0x100, KERNEL_AT + 32) + code


def save_boot_images():
    images = {"bzimage": bzimage(tiny_kernel.HALT), "bzimage_32": bzimage_32(tiny_kernel.HALT),
              "pvh": tiny_kernel.debug_exit(1), "multiboot_elf": multiboot_elf(tiny_kernel.HALT),
              "multiboot_raw": multiboot_raw(tiny_kernel.HALT)}
    for name, image in images.items():
        save("boot_image_fuzz", name, bytes([3, 0x10, 0, 0x20, 0]) + image)
        save("boot_image_fuzz", name + "_small_ram", bytes([1, 0xff, 0xff, 0, 0]) + image)
        for part in (4, 2):
            save("boot_image_fuzz", f"{name}_cut_{part}", bytes(5) + image[:len(image) * (part - 1) // part])
    save("boot_image_fuzz", "bzimage_header_only", bytes(5) + tiny_kernel.truncated_bzimage())


save_boot_images()


# translate_fuzz: two bytes of options (Setup there), four that registers are made from, code.
LONG_0, LONG_3, LEGACY_0, LEGACY_3, COMPATIBLE_3, UNPAGED_0, CODE_16 = range(7)
NO_IDT, TRAP_FLAG, ALIGNMENT, UNMASKED, LARGE_PAGES = 0x08, 0x10, 0x20, 0x40, 0x80
SINGLE, NO_LINK, PAGE_END, TASK_SWITCHED, NO_SSE, GUARDS, INTERRUPTS, KEEP = (1 << bit for bit in range(8))
CODE_SIZE = {LONG_0: 64, LONG_3: 64, CODE_16: 16}


def assemble(code, bits):
    """Intel syntax to bytes, by the assembler of the host."""
    with tempfile.TemporaryDirectory() as where:
        built = pathlib.Path(where, "a.o")
        flat = pathlib.Path(where, "a.bin")
        text = f".intel_syntax noprefix\n.code{bits}\n{code}\n"
        subprocess.run(["as", "--64" if bits == 64 else "--32", "-o", built, "-"], input=text.encode(), check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", built, flat], check=True)
        return flat.read_bytes()


def save_code(name, mode, code, first=0, second=0, registers=1):
    data = code if isinstance(code, bytes) else assemble(code, CODE_SIZE.get(mode, 32))
    save("translate_fuzz", name, struct.pack("<BBI", mode | first, second, registers) + data)


PRIVILEGED = """
    mov rax, cr0; mov cr0, rax; mov rax, cr3; mov cr3, rax; mov rax, cr4; xor rax, 0x80; mov cr4, rax; mov cr8, rbx
    mov rax, dr7; mov dr7, rax; mov dr0, rbx; clts; lmsw ax; smsw rax; invlpg [rbx]; wbinvd; invd; hlt
    mov ecx, 0xc0000080; rdmsr; wrmsr; mov ecx, 0x1b; rdmsr; wrmsr; mov ecx, 0x10; wrmsr; mov ecx, 0xdead; rdmsr
    lgdt [rbx]; lidt [rbx]; sgdt [rsi]; sidt [rsi]; lldt ax; ltr ax; sldt eax; str eax; swapgs; xsetbv; xgetbv
    cli; sti; in al, dx; out dx, eax; out 0x11, al; out 0x10, eax; vmcall; monitor; mwait; rdpmc; rsm; .byte 0x0f, 0x35
"""
FAR = """
    mov eax, 0x23; push rax; mov rcx, rsp; push rax; lea rdx, [rip + 1f]; push rdx; retfq
1:  push 0x2b; push rsp; pushfq; push 0x33; lea rdx, [rip + 2f]; push rdx; iretq
2:  jmp fword ptr [rsi]; call fword ptr [rsp]; call fword ptr [rdi]; int 0x20; int 0x21; int3; syscall; sysenter; .byte 0x48, 0x0f, 0x07
    mov ds, ax; mov ss, bx; mov es, cx; lss eax, [rsi]; lfs eax, [rdi]; lar eax, ebx; lsl ecx, edx; verr ax; verw bx
"""
FAR_32 = """
    push 0x33; push offset 1f + 0x100000; retf
1:  ljmp 0x50, 0; lcall 0x50, 0; lcall 0x38, 0; int 0x20; iretd; into; bound eax, [esi]; arpl ax, bx; sysenter; sysexit
    les eax, [esi]; lds ebx, [edi]; push ds; pop ss; push cs; pop es; retf 8; daa; das; aaa; aas; aam; aad; .byte 0xd6
    pushad; popad; pushfd; popfd; enter 16, 3; leave; enter 0xfff0, 31; xlatb; lahf; sahf; cmpxchg8b [esi]
"""
STRINGS = """
    mov ecx, 0x2000; rep stosb; mov ecx, -1; rep movsq; std; mov ecx, 100; rep movsb; repe cmpsb; repne scasd; cld
    mov rdi, 0x3ffff0; mov ecx, 0x100; rep stosq; mov rsi, 0x180ff8; mov ecx, 9; rep lodsw; rep insb; rep outsd
    mov rdi, 0x7fffffffffff; rep stosw; addr32 rep movsb; mov edi, 0xffffffff; mov ecx, 4; addr32 rep stosd; xlatb
"""
X87 = """
    fninit; fld1; fldz; fdivp; fld tbyte ptr [rsi]; fstp tbyte ptr [rdi]; fbld [rsi]; fbstp [rdi]; fnstenv [rsi]
    fldenv [rsi]; fnsave [rsi]; frstor [rsi]; fldcw [rsi]; fnstcw [rdi]; fnstsw ax; fwait; fxsave [rsi]; fxrstor [rsi]
    fxam; fsin; fpatan; fprem; fsqrt; fyl2x; fist dword ptr [rsi]; fisttp qword ptr [rdi]; ffree st(3); fincstp; emms
"""
SSE = """
    movaps xmm0, [rsi]; movups [rdi], xmm1; divps xmm0, xmm2; sqrtpd xmm3, xmm4; cvttsd2si rax, xmm0; movntdq [rdi], xmm2
    maskmovdqu xmm0, xmm1; ldmxcsr [rsi]; stmxcsr [rdi]; pshufb xmm0, [rsi]; pcmpistri xmm0, [rsi], 12; aesenc xmm1, [rdi]
    movq mm0, [rsi]; paddb mm1, mm0; maskmovq mm0, mm1; cmpxchg16b [rsi]; crc32 eax, byte ptr [rsi]; lddqu xmm0, [rsi + 9]
    xsave [rsi]; xrstor [rsi]; xsaveopt [rdi]; xsavec [rdi]; fxsave64 [rdi]
"""
AVX = """
    vmovaps ymm0, [rsi]; vmovups [rdi + 17], ymm1; vdivpd ymm2, ymm3, [rsi]; vzeroupper; vgatherdps ymm0, [rsi + ymm1 * 4], ymm2
    vpgatherqq ymm3, [rdi + ymm4 * 8], ymm5; vmaskmovps ymm0, ymm1, [rsi]; vpmaskmovd [rdi], ymm1, ymm2; vzeroall
    vfmadd231ps ymm0, ymm1, [rsi]; vmaskmovdqu xmm1, xmm2; andn rax, rbx, [rsi]; pext rax, rbx, [rdi]; rorx rax, [rsi], 7
    bextr rax, [rsi], rbx; vpbroadcastb ymm0, [rsi]; vextractf128 [rdi], ymm0, 1; vbroadcasti128 ymm1, [rsi]
"""
AVX512_ANY_CODE = """
    vmovdqu8 zmm0{{k1}}, [{si}]; vmovdqu64 [{di} + 64]{{k2}}, zmm1; vmovaps zmm2{{k3}}{{z}}, [{si} + 4]; kmovd k1, eax
    vaddps zmm3{{k1}}, zmm4, dword ptr [{si}]{{1to16}}; vdivpd zmm5, zmm6, zmm7, {{rd-sae}}; vpcompressd [{di}]{{k1}}, zmm2
    vpexpandb zmm1{{k2}}{{z}}, [{si}]; kmovw k3, [{si}]; kmovb [{di}], k4; kortestw k1, k2; vpgatherdd zmm0{{k1}}, [{si} + zmm1 * 4]
    vscatterqpd [{di} + zmm3 * 8]{{k2}}, zmm4; vpmovqb [{di}]{{k1}}, zmm5; vpcmpud k5{{k1}}, zmm1, [{si}], 2; vpermd zmm1{{k7}}, zmm2, [{di}]
    vextracti32x4 [{di}]{{k1}}, zmm3, 2; vmovntdq [{di}], zmm1; vcvtps2ph [{di}]{{k2}}, zmm1, 3; vbroadcasti64x2 zmm1{{k1}}, [{si}]
    vcvttsd2usi eax, xmm3; vzeroupper; kxnorq k1, k1, k1; vpternlogd zmm0, zmm0, zmm0, 255; knotw k2, k1; xsavec [{si}]; xrstor [{si}]
"""
AVX512_32 = AVX512_ANY_CODE.format(si="esi", di="edi")
AVX512 = AVX512_ANY_CODE.format(si="rsi", di="rdi") + """
    vmovdqu32 zmm31{k1}, [r9 + r10 * 2]; vmovdqa64 [r15], ymm20; kmovq r11, k3; kmovq k1, r15; vpextrq r9, xmm30, 1
    vpscatterqd [r11 + ymm17 * 2]{k5}, xmm29; vgatherdpd zmm16{k1}, [r10 + ymm31]; vpbroadcastq zmm18, r15; vmovups [rsp - 60]{k1}, zmm9
    vcvtss2usi r10, xmm21, {ru-sae}; vp2intersectd k2, zmm1, [rip]; vmovdqu16 zmm1{k1}{z}, gs:[rsi]; vcomisd xmm20, [r9 + 8]
"""
SELF_MODIFYING = """
1:  lea rbx, [rip + 2f]; mov byte ptr [rbx + 1], 0x41
2:  mov al, 0; inc byte ptr [rip + 2b + 1]; lea rsi, [rip + 1b]; lea rdi, [rip + 3f + 2]; mov ecx, 16; rep movsb
    mov dword ptr [rip + 3f], 0x90909090
3:  nop; nop; nop; nop; xor byte ptr [rip + 3b], 0x5c; lock inc qword ptr [rip + 4f]
4:  nop; jmp 1b
"""
BRANCHES = """
1:  dec ecx; jnz 1b; call 2f; jmp rax
2:  ret; call rbx; jmp [rsi]; loop 1b; jrcxz 1b; push 0x100000; ret 0x10; jmp qword ptr [rip]; bt [rsi], rax; bts [rdi], ecx
    lock btc [rsi], rbx; lock xadd [rsi], rax; lock cmpxchg [rdi], rcx; xchg [rsi], bx; push [rsi]; pop [rdi]; pop rsp
    push rsp; push fs; pop gs; leave; enter 8, 1; div rcx; idiv byte ptr [rsi]; ud2; ud1 eax, eax; rdtsc; rdtscp; cpuid
    rdrand rax; rdseed ebx; rdfsbase rax; wrgsbase rbx; prefetchw [rsi]; clflush [rsi]; xabort 1; xbegin 1b; jmp .
"""
ANY_CODE_SIZE = """
    inc dword ptr [esi]; xchg [edi], eax; push [esi]; pop [edi]; cmpxchg8b [esi]; movs byte ptr [edi], [esi]; rep stosb
    mov al, [ecx]; .byte 0x67; stosd; call 1f
1:  pop ax; push eax; lock xadd [esi], ecx; div bl; mov cr0, eax; mov eax, cr3; mov cr3, eax; wrmsr; lgdt [esi]; int 0x30
    movups xmm0, [esi + 2]; vaddps ymm0, ymm1, [edi]; fldenv [esi]; fxsave [edi]; jmp 1b
"""
ENDLESS = {"jump": b"\xeb\xfe", "fault": b"\x0f\x0b\xeb\xfc", "prefixes": b"\x66" * 20, "cut": b"\xf2\x48\x0f"}


def save_translate():
    for mode in (LONG_0, LONG_3):
        for name, code in (("privileged", PRIVILEGED), ("far", FAR), ("strings", STRINGS), ("x87", X87), ("sse", SSE),
                           ("avx", AVX), ("avx512", AVX512), ("self_modifying", SELF_MODIFYING), ("branches", BRANCHES)):
            save_code(f"{name}_{mode}", mode, code, registers=mode + 1)
    for mode in (LEGACY_0, LEGACY_3, COMPATIBLE_3, UNPAGED_0, CODE_16):
        save_code(f"far_{mode}", mode, assemble(FAR_32, 32), registers=mode)
        save_code(f"any_{mode}", mode, ANY_CODE_SIZE, registers=mode)
        save_code(f"avx512_{mode}", mode, assemble(AVX512_32, 32), registers=mode)
    save_code("traced", LONG_0, BRANCHES, first=TRAP_FLAG, second=KEEP)
    save_code("aligned", LONG_3, SSE + STRINGS, first=ALIGNMENT)
    save_code("unmasked", LONG_0, X87 + SSE, first=UNMASKED)
    save_code("no_idt", LONG_0, PRIVILEGED, first=NO_IDT)
    save_code("large_pages", LONG_0, SELF_MODIFYING, first=LARGE_PAGES)
    save_code("page_end", LONG_0, BRANCHES, second=PAGE_END)
    save_code("page_end_self_modifying", LONG_0, SELF_MODIFYING, second=PAGE_END)
    save_code("single", LONG_0, SELF_MODIFYING, second=SINGLE | NO_LINK)
    save_code("no_fpu", LONG_3, AVX + X87, second=TASK_SWITCHED | NO_SSE)
    save_code("aligned_avx512", LONG_3, AVX512, first=ALIGNMENT | UNMASKED)
    save_code("guards", LONG_0, SSE, second=GUARDS | INTERRUPTS)
    save_code("modes_stay", LONG_0, PRIVILEGED + FAR, second=KEEP | INTERRUPTS)
    for name, code in ENDLESS.items():
        save_code(f"endless_{name}", LONG_0, code, second=PAGE_END)
    for seed in range(8):
        save_code(f"random_{seed}", seed, random.Random(seed).randbytes(512), second=seed * 0x25 & 0xFF, registers=seed)


save_translate()


# image_manifest_fuzz: the text itself.
def manifest(**changes):
    part = {"sha256": "0123456789abcdef" * 4, "bytes": 4096}
    content = {"format": 1, "name": "debian:12", "packages": ["apt 2.6.1", "bash 5.2.15-2+b2"],
               "kernel": {"release": "6.1.0-1-cloud-amd64", "package": "linux-image 6.1.1-1", "recipe": 1},
               "files": {"kernel": part, "boot_modules": part, "modules": part, "base": part}}
    return json.dumps({**content, **changes}, indent=1).encode()


def save_manifests():
    save("image_manifest_fuzz", "whole", manifest())
    save("image_manifest_fuzz", "cut", manifest()[:200])
    save("image_manifest_fuzz", "later_format", manifest(format=2))
    save("image_manifest_fuzz", "path_as_name", manifest(name="../../etc/passwd"))
    save("image_manifest_fuzz", "path_as_digest", manifest(files={"kernel": {"sha256": "../x", "bytes": 1}}))
    save("image_manifest_fuzz", "large_numbers", manifest(files={"kernel": {"sha256": "0" * 64, "bytes": 1 << 63}}))
    save("image_manifest_fuzz", "not_unicode", manifest().replace(b"bash", b"\xff\xfe"))
    save("image_manifest_fuzz", "escapes", manifest(name="\ud800\u0000"))
    save("image_manifest_fuzz", "deep", b'{"format":' * 2000 + b"[" * 20000)


save_manifests()
