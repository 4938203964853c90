#include "forms/assemble.h"

namespace hospes::oracle {

namespace {

class Writer {
  public:
    explicit Writer(Assembled& out) : out_(out) { out_.length = 0; }

    void byte(unsigned value) {
        if (out_.length < sizeof out_.bytes) out_.bytes[out_.length++] = static_cast<std::uint8_t>(value);
    }
    void number(std::uint64_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i) byte((value >> (8 * i)) & 0xff);
    }
    void displacement(std::int32_t value, unsigned bytes) {
        out_.displacement_at = out_.length;
        out_.displacement_length = static_cast<std::uint8_t>(bytes);
        number(static_cast<std::uint32_t>(value), bytes);
    }

  private:
    Assembled& out_;
};

// The register numbers that ModRM, SIB and the prefix bits share out.
struct Numbers {
    unsigned reg = 0, rm = 0, index = 0;
};

Numbers gather_numbers(const Form& form, const Instance& instance) {
    Numbers numbers;
    const bool reg_open = form.fields[FieldReg] != FieldKind::None;
    numbers.reg = reg_open ? instance.registers[FieldReg] : form.fixed_reg;
    if (form.memory) {
        numbers.rm = instance.base == kNoRegister ? 0 : instance.base;
        numbers.index = instance.index == kNoRegister ? 0 : instance.index;
        if (instance.rip_relative) numbers = {numbers.reg, 0, 0};
    } else if (form.fields[FieldRm] != FieldKind::None) {
        numbers.rm = instance.registers[FieldRm];
    } else if (form.fields[FieldOpcode] != FieldKind::None) {
        numbers.rm = instance.registers[FieldOpcode];
    } else {
        numbers.rm = form.fixed_rm;
    }
    return numbers;
}

void write_legacy_prefixes(const Form& form, const Instance& instance, Writer& writer) {
    if (instance.segment != 0) writer.byte(instance.segment);
    if (form.address_size || instance.address_size) writer.byte(0x67);
    if (form.operand_size) writer.byte(0x66);
    if (form.lock) writer.byte(0xf0);
    if (form.repeat != 0) writer.byte(form.repeat);
}

void write_opcode(const Form& form, const Instance& instance, const Numbers& numbers, Writer& writer) {
    const unsigned rex =
        (form.w ? 8u : 0u) | ((numbers.reg >> 3) << 2) | ((numbers.index >> 3) << 1) | (numbers.rm >> 3);
    if (!form.compat && (rex != 0 || instance.force_rex)) writer.byte(0x40 | rex);
    if (form.map != 0) writer.byte(0x0f);
    if (form.map == 2) writer.byte(0x38);
    if (form.map == 3) writer.byte(0x3a);
    const bool in_opcode = form.fields[FieldOpcode] != FieldKind::None;
    writer.byte(in_opcode ? (form.opcode & 0xf8u) | (numbers.rm & 7u) : form.opcode);
}

void write_vex(const Form& form, const Instance& instance, const Numbers& numbers, Writer& writer) {
    const unsigned vvvv = instance.registers[FieldVvvv] & 15u;
    const unsigned tail = ((~vvvv & 15u) << 3) | (form.l ? 4u : 0u) | form.pp;
    const unsigned r = (numbers.reg >> 3) & 1, x = (numbers.index >> 3) & 1, b = (numbers.rm >> 3) & 1;
    if (form.map == 1 && !form.w && x == 0 && b == 0 && !instance.force_vex3) {
        writer.byte(0xc5);
        writer.byte((r ? 0u : 0x80u) | tail);
    } else {
        writer.byte(0xc4);
        writer.byte((r ? 0u : 0x80u) | (x ? 0u : 0x40u) | (b ? 0u : 0x20u) | form.map);
        writer.byte((form.w ? 0x80u : 0u) | tail);
    }
    writer.byte(form.opcode);
}

// Inverted bits: R, X, B, R', vvvv, V'. A register in ModRM.rm has X as its fifth bit, a vector index V'.
void write_evex(const Form& form, const Instance& instance, const Numbers& numbers, Writer& writer) {
    const unsigned vvvv = instance.registers[FieldVvvv];
    const unsigned x = form.memory ? numbers.index >> 3 & 1 : numbers.rm >> 4 & 1;
    const unsigned high_v = form.vsib ? numbers.index >> 4 & 1 : vvvv >> 4 & 1;
    const unsigned inverted =
        (numbers.reg >> 3 & 1) << 7 | x << 6 | (numbers.rm >> 3 & 1) << 5 | (numbers.reg >> 4 & 1) << 4;
    writer.byte(0x62);
    writer.byte((~inverted & 0xf0u) | form.map);
    writer.byte((form.w ? 0x80u : 0u) | (~vvvv & 15u) << 3 | 4u | form.pp);
    writer.byte((instance.zeroing ? 0x80u : 0u) | static_cast<unsigned>(form.ll) << 5 | (form.b ? 0x10u : 0u) |
                (high_v ? 0u : 8u) | instance.mask);
    writer.byte(form.opcode);
}

void write_memory(const Form& form, const Instance& instance, const Numbers& numbers, Writer& writer) {
    const unsigned reg = (numbers.reg & 7u) << 3;
    if (instance.rip_relative) {
        writer.byte(reg | 5u);
        writer.displacement(instance.displacement, 4);
        return;
    }
    const bool no_base = instance.base == kNoRegister;
    const bool no_index = instance.index == kNoRegister;
    const bool sib = form.vsib || no_base || !no_index || (numbers.rm & 7u) == 4;
    const unsigned bytes =
        no_base ? 4 : ((numbers.rm & 7u) == 5 && instance.displacement_bytes == 0 ? 1 : instance.displacement_bytes);
    const unsigned mod = no_base || bytes == 0 ? 0u : (bytes == 1 ? 0x40u : 0x80u);
    writer.byte(mod | reg | (sib ? 4u : (numbers.rm & 7u)));
    if (sib) {
        const unsigned index = no_index ? 4u : (numbers.index & 7u);
        writer.byte((static_cast<unsigned>(instance.scale) << 6) | (index << 3) | (no_base ? 5u : (numbers.rm & 7u)));
    }
    if (bytes != 0) writer.displacement(instance.displacement, bytes);
}

}  // namespace

Assembled assemble(const Form& form, const Instance& instance) {
    Assembled out{};
    Writer writer(out);
    const Numbers numbers = gather_numbers(form, instance);
    if (form.vex || form.evex) {
        if (instance.segment != 0) writer.byte(instance.segment);
        if (form.address_size || instance.address_size) writer.byte(0x67);
        form.evex ? write_evex(form, instance, numbers, writer) : write_vex(form, instance, numbers, writer);
    } else {
        write_legacy_prefixes(form, instance, writer);
        write_opcode(form, instance, numbers, writer);
    }
    if (form.has_modrm && form.memory) write_memory(form, instance, numbers, writer);
    if (form.has_modrm && !form.memory) writer.byte(0xc0u | ((numbers.reg & 7u) << 3) | (numbers.rm & 7u));
    std::uint64_t immediate = instance.immediate;
    if (form.fields[FieldIs4] != FieldKind::None) {
        immediate = (immediate & 0xfu) | (static_cast<unsigned>(instance.registers[FieldIs4]) << 4);
    }
    writer.number(immediate, form.immediate_bytes);
    return out;
}

}  // namespace hospes::oracle
