// Writes the few dozen host instruction forms that the engine adds around guest instructions.
// Encodings: Intel SDM volume 2.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/translator/emit/host_registers.h"
#include "engine/translator/emit/relocation.h"

namespace hospes::translator {

// [base + index << scale + disp]; base and index may be kNoReg.
struct HostMem {
    HostReg base = kNoReg;
    std::int32_t disp = 0;
    HostReg index = kNoReg;
    std::uint8_t scale = 0;
};

inline HostMem at(HostReg base, std::int64_t disp = 0) { return {base, static_cast<std::int32_t>(disp), kNoReg, 0}; }
inline HostMem at(HostReg base, HostReg index, unsigned scale, std::int64_t disp) {
    return {base, static_cast<std::int32_t>(disp), index, static_cast<std::uint8_t>(scale)};
}

// Condition codes as in Jcc opcodes.
enum Condition : std::uint8_t { kO = 0, kB = 2, kAE = 3, kE = 4, kNE = 5, kBE = 6, kA = 7, kLE = 14, kG = 15 };

// ALU operations by their /digit of opcode 81.
enum AluOp : std::uint8_t { kAdd = 0, kOr = 1, kAnd = 4, kSub = 5, kXor = 6, kCmp = 7 };

// A forward jump whose displacement is filled in by Assembler::bind.
struct Jump {
    std::uint8_t* displacement = nullptr;
    bool is_short = false;
};

class Assembler {
  public:
    // Writes at `cursor` (writable alias); code will run at cursor + `execute_offset`.
    Assembler(std::uint8_t* cursor, std::ptrdiff_t execute_offset) : cursor_(cursor), execute_offset_(execute_offset) {}

    std::uint8_t* cursor() const { return cursor_; }
    void set_cursor(std::uint8_t* cursor) { cursor_ = cursor; }
    // From now on each rel32 that is written is added to `distances`, which outlives this.
    void note_distances(Distances& distances) { distances_ = &distances; }
    // Address at which the next byte executes.
    std::uint8_t* here() const { return cursor_ + execute_offset_; }
    std::uint8_t* executable(std::uint8_t* written) const { return written + execute_offset_; }

    void byte(unsigned value) { *cursor_++ = static_cast<std::uint8_t>(value); }
    void dword(std::uint32_t value) { put(&value, 4); }
    void qword(std::uint64_t value) { put(&value, 8); }
    void bytes(const void* from, std::size_t count) { put(from, count); }

    // ModRM (and SIB, displacement) of a memory operand; `reg` is the register field. `wide_disp` forces disp32,
    // for EVEX, whose disp8 is scaled.
    void modrm_mem(unsigned reg, const HostMem& mem, bool wide_disp = false);
    void modrm_reg(unsigned reg, unsigned rm) { byte(modrm(reg, rm)); }

    void mov(HostReg to, HostReg from) { op_rr(true, 0x8b, to, from); }
    void mov32(HostReg to, HostReg from) { op_rr(false, 0x8b, to, from); }
    void load(HostReg to, const HostMem& from) { op_rm(true, 0x8b, to, from); }
    void load32(HostReg to, const HostMem& from) { op_rm(false, 0x8b, to, from); }
    void store(const HostMem& to, HostReg from) { op_rm(true, 0x89, from, to); }
    void store32(const HostMem& to, HostReg from) { op_rm(false, 0x89, from, to); }
    void store16(const HostMem& to, HostReg from) {
        byte(0x66);
        op_rm(false, 0x89, from, to);
    }
    void store_imm8(const HostMem& to, unsigned value) {
        op_rm(false, 0xc6, 0, to);
        byte(value);
    }
    void store_imm32(const HostMem& to, std::uint32_t value) {
        op_rm(false, 0xc7, 0, to);
        dword(value);
    }
    void movzx8(HostReg to, const HostMem& from) { op_0f_rm(false, 0xb6, to, from); }
    void movzx16(HostReg to, const HostMem& from) { op_0f_rm(false, 0xb7, to, from); }
    void store_imm64(const HostMem& to, std::int32_t value) {  // sign-extended
        op_rm(true, 0xc7, 0, to);
        dword(static_cast<std::uint32_t>(value));
    }
    void movsxd(HostReg to, HostReg from) { op_rr(true, 0x63, to, from); }
    void movsxd(HostReg to, const HostMem& from) { op_rm(true, 0x63, to, from); }
    void movsx16(HostReg to, HostReg from) {
        rex(true, to, 0, from);
        byte(0x0f);
        byte(0xbf);
        modrm_reg(to, from);
    }
    void movzx16_rr(HostReg to, HostReg from) {
        rex(false, to, 0, from);
        byte(0x0f);
        byte(0xb7);
        modrm_reg(to, from);
    }
    void load_imm(HostReg to, std::uint64_t value);
    // LEA, or what is enough: the host renames a MOV away.
    void lea(HostReg to, const HostMem& from) {
        if (!is_register(from)) return op_rm(true, 0x8d, to, from);
        if (to != from.base) mov(to, from.base);
    }
    void lea32(HostReg to, const HostMem& from) {
        is_register(from) ? mov32(to, from.base) : op_rm(false, 0x8d, to, from);
    }
    void imul32_imm(HostReg to, HostReg from, std::int32_t value) {
        op_rr(false, 0x69, to, from);
        dword(static_cast<std::uint32_t>(value));
    }

    void alu(AluOp op, HostReg to, HostReg from) { op_rr(true, static_cast<unsigned>(op << 3 | 3), to, from); }
    void alu32(AluOp op, HostReg to, HostReg from) { op_rr(false, static_cast<unsigned>(op << 3 | 3), to, from); }
    void alu(AluOp op, HostReg to, const HostMem& from) { op_rm(true, static_cast<unsigned>(op << 3 | 3), to, from); }
    void alu_imm(AluOp op, HostReg to, std::int32_t value) { alu_imm(true, op, to, value); }
    void alu32_imm(AluOp op, HostReg to, std::int32_t value) { alu_imm(false, op, to, value); }
    void test32_imm(HostReg reg, std::uint32_t value) {
        rex(false, 0, 0, reg);
        byte(0xf7);
        modrm_reg(0, reg);
        dword(value);
    }
    void test32_mem_imm(const HostMem& mem, std::uint32_t value) {
        op_rm(false, 0xf7, 0, mem);
        dword(value);
    }
    void alu_mem_imm(AluOp op, const HostMem& mem, std::int32_t value) {
        op_rm(true, 0x81, op, mem);
        dword(static_cast<std::uint32_t>(value));
    }
    void alu32_mem_imm(AluOp op, const HostMem& mem, std::int32_t value) {
        op_rm(false, 0x81, op, mem);
        dword(static_cast<std::uint32_t>(value));
    }
    void not_(HostReg reg) { op_rr(true, 0xf7, 2, reg); }  // leaves the flags alone
    void mov16(HostReg to, HostReg from) {
        byte(0x66);
        op_rr(false, 0x8b, to, from);
    }
    void shl32(HostReg reg, unsigned count) {
        rex(false, 0, 0, reg);
        byte(0xc1);
        modrm_reg(4, reg);
        byte(count);
    }
    void cmp32_mem_imm(const HostMem& mem, std::int32_t value, bool patchable = false);

    // BMI2, which leave the flags alone.
    void rorx(HostReg to, HostReg from, unsigned count);
    void pext(HostReg to, HostReg from, const HostMem& mask) { vex_0f38(0xf5, 2, to, from, mask); }
    void shift_x(unsigned pp, HostReg to, HostReg from, HostReg count);  // pp: 1 SHLX, 2 SARX, 3 SHRX

    void lahf() { byte(0x9f); }
    void sahf() { byte(0x9e); }
    void seto_al() { bytes("\x0f\x90\xc0", 3); }
    void add_al(unsigned value) {
        byte(0x04);
        byte(value);
    }
    void pushfq() { byte(0x9c); }
    void popfq() { byte(0x9d); }
    void push(HostReg reg) {
        if (reg & 8) byte(0x41);
        byte(0x50 | (reg & 7));
    }
    void pop(HostReg reg) {
        if (reg & 8) byte(0x41);
        byte(0x58 | (reg & 7));
    }
    void pop_mem(const HostMem& to) { op_rm(false, 0x8f, 0, to); }
    void cld() { byte(0xfc); }
    void std_() { byte(0xfd); }
    void ret() { byte(0xc3); }

    void jmp_mem(const HostMem& target) { op_rm(false, 0xff, 4, target); }
    void jmp_reg(HostReg target) {
        if (target & 8) byte(0x41);
        byte(0xff);
        modrm_reg(4, target);
    }
    void jmp_to(const std::uint8_t* target) {
        byte(0xe9);
        relative(target);
    }
    void call_to(const std::uint8_t* target) {
        byte(0xe8);
        relative(target);
    }
    void jcc_to(unsigned condition, const std::uint8_t* target) {
        byte(0x0f);
        byte(0x80 | condition);
        relative(target);
    }
    void call_absolute(const void* target, HostReg through) {
        load_imm(through, reinterpret_cast<std::uint64_t>(target));
        if (through & 8) byte(0x41);
        byte(0xff);
        modrm_reg(2, through);
    }

    Jump jmp() {
        byte(0xe9);
        return hole(4);
    }
    Jump jcc(unsigned condition) {
        byte(0x0f);
        byte(0x80 | condition);
        return hole(4);
    }
    Jump jcc_short(unsigned condition) {
        byte(0x70 | condition);
        return hole(1);
    }
    Jump jmp_short() {
        byte(0xeb);
        return hole(1);
    }
    Jump jrcxz() {
        byte(0xe3);
        return hole(1);
    }
    Jump jecxz() {
        byte(0x67);
        byte(0xe3);
        return hole(1);
    }
    // Makes `jump` land here. Short jumps must reach: the caller keeps the distance below 128 bytes.
    void bind(const Jump& jump);

    void op_rr(bool wide, unsigned opcode, unsigned reg, unsigned rm) {
        Piece piece;
        add_rex(piece, wide, reg, 0, rm);
        piece.add(opcode);
        piece.add(modrm(reg, rm));
        put(piece);
    }
    void op_rm(bool wide, unsigned opcode, unsigned reg, const HostMem& mem) {
        Piece piece;
        add_rex(piece, wide, reg, mem.index == kNoReg ? 0u : mem.index, mem.base == kNoReg ? 0u : mem.base);
        piece.add(opcode);
        put(piece);
        modrm_mem(reg, mem);
    }

  private:
    static bool is_register(const HostMem& mem) { return mem.base != kNoReg && mem.index == kNoReg && mem.disp == 0; }
    // Up to 8 bytes of an instruction. They are gathered in a register and stored at once: byte by byte, each store
    // would have the compiler reload the cursor that it may have changed.
    struct Piece {
        std::uint64_t bytes = 0;
        unsigned length = 0;

        void add(unsigned byte) {
            bytes |= std::uint64_t{byte} << length * 8;
            ++length;
        }
        void add32(std::uint32_t value) {
            bytes |= std::uint64_t{value} << length * 8;
            length += 4;
        }
    };
    // Writes 8 bytes, of which those past the piece mean nothing: whoever emits has room for more.
    void put(const Piece& piece) {
        std::memcpy(cursor_, &piece.bytes, sizeof piece.bytes);
        cursor_ += piece.length;
    }
    static unsigned modrm(unsigned reg, unsigned rm) { return 0xc0 | ((reg & 7) << 3) | (rm & 7); }
    static void add_rex(Piece& piece, bool wide, unsigned reg, unsigned index, unsigned base) {
        const unsigned bits = (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
        if (bits != 0) piece.add(0x40 | bits);
    }
    void put(const void* from, std::size_t count) {
        std::memcpy(cursor_, from, count);
        cursor_ += count;
    }
    void rex(bool wide, unsigned reg, unsigned index, unsigned base) {
        Piece piece;
        add_rex(piece, wide, reg, index, base);
        put(piece);
    }
    void rex(bool wide, unsigned reg, const HostMem& mem) {
        rex(wide, reg, mem.index == kNoReg ? 0u : mem.index, mem.base == kNoReg ? 0u : mem.base);
    }
    void op_0f_rm(bool wide, unsigned opcode, unsigned reg, const HostMem& mem) {
        rex(wide, reg, mem);
        byte(0x0f);
        byte(opcode);
        modrm_mem(reg, mem);
    }
    void alu_imm(bool wide, AluOp op, HostReg to, std::int32_t value);
    void vex_0f38(unsigned opcode, unsigned pp, unsigned reg, unsigned vvvv, const HostMem& mem);
    void relative(const std::uint8_t* target) {
        if (distances_ != nullptr) distances_->push_back({cursor_, target - execute_offset_});
        const auto distance = static_cast<std::int32_t>(target - (here() + 4));
        put(&distance, 4);
    }
    Jump hole(unsigned size) {
        const Jump jump{cursor_, size == 1};
        cursor_ += size;
        return jump;
    }

    std::uint8_t* cursor_;
    std::ptrdiff_t execute_offset_;
    Distances* distances_ = nullptr;  // nullptr: nobody asks
};

}  // namespace hospes::translator
