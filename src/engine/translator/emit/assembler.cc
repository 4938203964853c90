#include "engine/translator/emit/assembler.h"

namespace hospes::translator {

void Assembler::modrm_mem(unsigned reg, const HostMem& mem, bool wide_disp) {
    const unsigned field = (reg & 7) << 3;
    const unsigned index = mem.index == kNoReg ? 4u : mem.index & 7u;
    Piece piece;
    if (mem.base == kNoReg) {  // [index*scale + disp32] or [disp32], both through a SIB without base
        piece.add(field | 4);
        piece.add(static_cast<unsigned>(mem.scale << 6) | index << 3 | 5);
        piece.add32(static_cast<std::uint32_t>(mem.disp));
        return put(piece);
    }
    const unsigned base = mem.base & 7u;
    const bool fits = mem.disp >= -128 && mem.disp <= 127 && !wide_disp;
    const unsigned mod = mem.disp == 0 && base != x86::RBP ? 0 : fits ? 0x40 : 0x80;
    if (mem.index != kNoReg || base == x86::RSP) {
        piece.add(mod | field | 4);
        piece.add(static_cast<unsigned>(mem.scale << 6) | index << 3 | base);
    } else {
        piece.add(mod | field | base);
    }
    if (mod == 0x40) piece.add(static_cast<std::uint8_t>(mem.disp));
    if (mod == 0x80) piece.add32(static_cast<std::uint32_t>(mem.disp));
    put(piece);
}

void Assembler::load_imm(HostReg to, std::uint64_t value) {
    const bool sign_extended = value >= 0xffffffff80000000u;
    Piece piece;
    add_rex(piece, value > 0xffffffffu, 0, 0, to);
    if (sign_extended) {
        piece.add(0xc7);
        piece.add(modrm(0, to));
    } else {
        piece.add(0xb8 | (to & 7));
    }
    put(piece);
    if (value <= 0xffffffffu || sign_extended) {
        dword(static_cast<std::uint32_t>(value));
    } else {
        qword(value);
    }
}

void Assembler::alu_imm(bool wide, AluOp op, HostReg to, std::int32_t value) {
    const bool fits = value >= -128 && value <= 127;
    Piece piece;
    add_rex(piece, wide, 0, 0, to);
    piece.add(fits ? 0x83 : 0x81);
    piece.add(modrm(op, to));
    if (fits) {
        piece.add(static_cast<std::uint8_t>(value));
    } else {
        piece.add32(static_cast<std::uint32_t>(value));
    }
    put(piece);
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
    Piece piece;
    piece.add(0xc4);
    piece.add((to & 8 ? 0u : 0x80u) | 0x40u | (from & 8 ? 0u : 0x20u) | 3u);
    piece.add(0xfb);  // W1, no vvvv, pp F2
    piece.add(0xf0);
    piece.add(modrm(to, from));
    piece.add(count);
    put(piece);
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

void Assembler::bind(const Jump& jump) {
    const std::ptrdiff_t distance = cursor_ - jump.displacement - (jump.is_short ? 1 : 4);
    if (jump.is_short) {
        *jump.displacement = static_cast<std::uint8_t>(distance);
        return;
    }
    if (distances_ != nullptr) distances_->push_back({jump.displacement, cursor_});
    const auto value = static_cast<std::int32_t>(distance);
    std::memcpy(jump.displacement, &value, 4);
}

}  // namespace hospes::translator
