#include "engine/translator/emit/assembler.h"

namespace hospes::translator {

void Assembler::modrm_mem(unsigned reg, const HostMem& mem, bool wide_disp) {
    const unsigned field = (reg & 7) << 3;
    if (mem.base == kNoReg) {  // [index*scale + disp32] or [disp32], both through a SIB without base
        byte(field | 4);
        byte(static_cast<unsigned>(mem.scale << 6) | (mem.index == kNoReg ? 4u : mem.index & 7u) << 3 | 5);
        dword(static_cast<std::uint32_t>(mem.disp));
        return;
    }
    const bool fits = mem.disp >= -128 && mem.disp <= 127 && !wide_disp;
    unsigned mod = fits ? 0x40 : 0x80;
    if (mem.disp == 0 && (mem.base & 7) != x86::RBP) mod = 0;
    if (mem.index != kNoReg || (mem.base & 7) == x86::RSP) {
        byte(mod | field | 4);
        byte(static_cast<unsigned>(mem.scale << 6) | (mem.index == kNoReg ? 4u : mem.index & 7u) << 3 |
             (mem.base & 7u));
    } else {
        byte(mod | field | (mem.base & 7u));
    }
    if (mod == 0x40) {
        byte(static_cast<std::uint8_t>(mem.disp));
    } else if (mod == 0x80) {
        dword(static_cast<std::uint32_t>(mem.disp));
    }
}

void Assembler::load_imm(HostReg to, std::uint64_t value) {
    if (value <= 0xffffffffu) {
        rex(false, 0, 0, to);
        byte(0xb8 | (to & 7));
        dword(static_cast<std::uint32_t>(value));
    } else if (value >= 0xffffffff80000000u) {
        rex(true, 0, 0, to);
        byte(0xc7);
        modrm_reg(0, to);
        dword(static_cast<std::uint32_t>(value));
    } else {
        rex(true, 0, 0, to);
        byte(0xb8 | (to & 7));
        qword(value);
    }
}

void Assembler::alu_imm(bool wide, AluOp op, HostReg to, std::int32_t value) {
    rex(wide, 0, 0, to);
    if (value >= -128 && value <= 127) {
        byte(0x83);
        modrm_reg(op, to);
        byte(static_cast<std::uint8_t>(value));
    } else {
        byte(0x81);
        modrm_reg(op, to);
        dword(static_cast<std::uint32_t>(value));
    }
}

void Assembler::cmp32_mem_imm(const HostMem& mem, std::int32_t value, bool patchable) {
    const bool fits = value >= -128 && value <= 127 && !patchable;
    op_rm(false, fits ? 0x83 : 0x81, kCmp, mem);
    if (fits) {
        byte(static_cast<std::uint8_t>(value));
    } else {
        dword(static_cast<std::uint32_t>(value));
    }
}

void Assembler::rorx(HostReg to, HostReg from, unsigned count) {
    byte(0xc4);
    byte((to & 8 ? 0u : 0x80u) | 0x40u | (from & 8 ? 0u : 0x20u) | 3u);
    byte(0xfb);  // W1, no vvvv, pp F2
    byte(0xf0);
    modrm_reg(to, from);
    byte(count);
}

void Assembler::vex_0f38(unsigned opcode, unsigned pp, unsigned reg, unsigned vvvv, const HostMem& mem) {
    const unsigned index = mem.index == kNoReg ? 0u : mem.index;
    const unsigned base = mem.base == kNoReg ? 0u : mem.base;
    byte(0xc4);
    byte((reg & 8 ? 0u : 0x80u) | (index & 8 ? 0u : 0x40u) | (base & 8 ? 0u : 0x20u) | 2u);
    byte(0x80u | (~vvvv & 15u) << 3 | pp);
    byte(opcode);
    modrm_mem(reg, mem);
}

void Assembler::shift_x(unsigned pp, HostReg to, HostReg from, HostReg count) {
    byte(0xc4);
    byte((to & 8 ? 0u : 0x80u) | 0x40u | (from & 8 ? 0u : 0x20u) | 2u);
    byte(0x80u | (~static_cast<unsigned>(count) & 15u) << 3 | pp);
    byte(0xf7);
    modrm_reg(to, from);
}

void Assembler::bind_to(const Jump& jump, const std::uint8_t* written_target) {
    const std::ptrdiff_t distance = written_target - jump.displacement - (jump.is_short ? 1 : 4);
    if (jump.is_short) {
        *jump.displacement = static_cast<std::uint8_t>(distance);
    } else {
        const auto value = static_cast<std::int32_t>(distance);
        std::memcpy(jump.displacement, &value, 4);
    }
}

}  // namespace hospes::translator
