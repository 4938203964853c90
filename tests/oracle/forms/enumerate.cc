// Walks the whole encoding space (prefixes, maps, opcodes, ModRM, VEX, EVEX) through Zydis' decoder, whose tables are
// made from the same definitions as its encoder's. What decodes is a form; nobody has to remember to list it.
#include <algorithm>
#include <set>
#include <string>

#include "case.h"
#include "forms/assemble.h"
#include "forms/classify.h"
#include "forms/decoder.h"
#include "forms/form.h"

namespace hospes::oracle {

namespace {

FieldKind kind_of(ZydisRegister reg) {
    switch (ZydisRegisterGetClass(reg)) {
        case ZYDIS_REGCLASS_GPR8: return FieldKind::Gpr8;
        case ZYDIS_REGCLASS_GPR16:
        case ZYDIS_REGCLASS_GPR32:
        case ZYDIS_REGCLASS_GPR64: return FieldKind::Gpr;
        case ZYDIS_REGCLASS_MMX: return FieldKind::Mmx;
        case ZYDIS_REGCLASS_XMM:
        case ZYDIS_REGCLASS_YMM:
        case ZYDIS_REGCLASS_ZMM: return FieldKind::Vector;
        case ZYDIS_REGCLASS_MASK: return FieldKind::Mask;
        case ZYDIS_REGCLASS_X87: return FieldKind::St;
        case ZYDIS_REGCLASS_SEGMENT:
        case ZYDIS_REGCLASS_CONTROL:
        case ZYDIS_REGCLASS_DEBUG: return FieldKind::Segment;
        default: return FieldKind::None;
    }
}

std::string register_word(const ZydisDecodedOperand& operand) {
    const bool fixed = operand.encoding == ZYDIS_OPERAND_ENCODING_NONE;
    if (fixed) return ZydisRegisterGetString(operand.reg.value);
    switch (ZydisRegisterGetClass(operand.reg.value)) {
        case ZYDIS_REGCLASS_GPR8: return "r8";
        case ZYDIS_REGCLASS_GPR16: return "r16";
        case ZYDIS_REGCLASS_GPR32: return "r32";
        case ZYDIS_REGCLASS_GPR64: return "r64";
        case ZYDIS_REGCLASS_MMX: return "mm";
        case ZYDIS_REGCLASS_XMM: return "xmm";
        case ZYDIS_REGCLASS_YMM: return "ymm";
        case ZYDIS_REGCLASS_ZMM: return "zmm";
        case ZYDIS_REGCLASS_MASK: return "k";
        case ZYDIS_REGCLASS_X87: return "st";
        case ZYDIS_REGCLASS_SEGMENT: return "sreg";
        case ZYDIS_REGCLASS_CONTROL: return "cr";
        case ZYDIS_REGCLASS_DEBUG: return "dr";
        default: return "reg";
    }
}

// How many elements an embedded broadcast makes: by the vector's length and EVEX.W.
unsigned broadcast_lanes(const Form& form) { return (16u << form.ll) / (form.w ? 8 : 4); }

std::string make_signature(const Form& form, const Decoded& decoded) {
    std::string text = form.compat ? "32: " : "";
    if (form.lock) text += "lock ";
    const auto attributes = decoded.instruction.attributes;
    if ((attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0) text += "repne ";
    if ((attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0) text += "rep ";
    text += ZydisMnemonicGetString(form.mnemonic);
    unsigned immediate = 0;
    if (form.evex) text += " evex";
    if (form.b) text += form.memory ? " {1to" + std::to_string(broadcast_lanes(form)) + "}" : " {er}";
    for (unsigned i = 0; i < decoded.instruction.operand_count_visible; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.encoding == ZYDIS_OPERAND_ENCODING_MASK) continue;
        text += i == 0 ? " " : ", ";
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            text += register_word(operand);
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            text += (form.moffs ? "moffs" : form.vsib ? "vm" : "m") + std::to_string(operand.size);
        } else {
            const unsigned bits = immediate < 2 ? decoded.instruction.raw.imm[immediate++].size : 0;
            text += (operand.imm.is_relative ? "rel" : "i") + std::to_string(bits) + ":" + std::to_string(operand.size);
        }
    }
    return text;
}

void note_operands(Form& form, const Decoded& decoded) {
    for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            form.memory_bytes = static_cast<std::uint16_t>(operand.size / 8);
            form.moffs = operand.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64;
        }
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        const FieldKind kind = kind_of(operand.reg.value);
        switch (operand.encoding) {
            case ZYDIS_OPERAND_ENCODING_MODRM_REG: form.fields[FieldReg] = kind; break;
            case ZYDIS_OPERAND_ENCODING_MODRM_RM: form.fields[FieldRm] = kind; break;
            case ZYDIS_OPERAND_ENCODING_OPCODE: form.fields[FieldOpcode] = kind; break;
            case ZYDIS_OPERAND_ENCODING_NDSNDD: form.fields[FieldVvvv] = kind; break;
            case ZYDIS_OPERAND_ENCODING_IS4: form.fields[FieldIs4] = kind; break;
            default: break;
        }
    }
}

// Fills in the meaning of a form whose encoding part decoded to `decoded`.
void describe(Form& form, const Decoded& decoded) {
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    form.mnemonic = instruction.mnemonic;
    note_operands(form, decoded);
    unsigned immediate_bits = 0;
    for (const auto& immediate : instruction.raw.imm) {
        immediate_bits += immediate.size;
        if (immediate.size != 0 && immediate.is_relative) form.relative = true;
    }
    if (form.moffs) immediate_bits = instruction.raw.disp.size;
    if (form.fields[FieldIs4] != FieldKind::None) immediate_bits = 8;
    form.immediate_bytes = static_cast<std::uint8_t>(immediate_bits / 8);
    if (instruction.cpu_flags != nullptr) {
        const ZydisAccessedFlags& flags = *instruction.cpu_flags;
        form.flags_undefined = flags.undefined;
        form.flags_written = flags.modified | flags.set_0 | flags.set_1 | flags.undefined;
        form.flags_read = flags.tested;
    }
    form.signature = make_signature(form, decoded);
    form.group = classify(form, decoded);
}

bool prefixes_mean_something(const Form& form, const Decoded& decoded) {
    const auto refused = ZYDIS_ATTRIB_HAS_XACQUIRE | ZYDIS_ATTRIB_HAS_XRELEASE | ZYDIS_ATTRIB_HAS_BND |
                         ZYDIS_ATTRIB_HAS_NOTRACK | ZYDIS_ATTRIB_HAS_BRANCH_NOT_TAKEN | ZYDIS_ATTRIB_HAS_BRANCH_TAKEN;
    if ((decoded.instruction.attributes & refused) != 0) return false;
    for (unsigned i = 0; i < decoded.instruction.raw.prefix_count; ++i) {
        const auto& prefix = decoded.instruction.raw.prefixes[i];
        if (prefix.value == form.repeat && prefix.type == ZYDIS_PREFIX_TYPE_IGNORED) return false;
    }
    return true;
}

class Enumerator {
  public:
    explicit Enumerator(bool compat) : compat_(compat) {}

    std::vector<Form> run() {
        for (unsigned map = 0; map < 4; ++map) {
            for (unsigned opcode = 0; opcode < 256; ++opcode) legacy_opcode(map, opcode);
        }
        for (unsigned map = 1; map < 4; ++map) {
            for (unsigned opcode = 0; opcode < 256; ++opcode) vex_opcode(map, opcode);
        }
        for (unsigned map = 1; map < 4; ++map) {
            for (unsigned opcode = 0; opcode < 256; ++opcode) evex_opcode(map, opcode);
        }
        return std::move(forms_);
    }

  private:
    struct Prefixes {
        bool operand_size;
        std::uint8_t repeat;
        bool lock;
    };

    static bool is_prefix_or_escape(bool compat, unsigned opcode) {
        static const std::set<unsigned> bytes = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
                                                 0x67, 0xf0, 0xf2, 0xf3, 0xc4, 0xc5, 0x62};
        return bytes.count(opcode) != 0 || (!compat && opcode >= 0x40 && opcode < 0x50);
    }

    void legacy_opcode(unsigned map, unsigned opcode) {
        if (map == 0 && is_prefix_or_escape(compat_, opcode)) return;
        if (map == 1 && (opcode == 0x38 || opcode == 0x3a || opcode == 0x0f)) return;
        static constexpr Prefixes kAll[] = {{false, 0, false},    {true, 0, false},    {false, 0xf3, false},
                                            {false, 0xf2, false}, {true, 0xf3, false}, {true, 0xf2, false},
                                            {false, 0, true},     {true, 0, true}};
        for (const Prefixes& prefixes : kAll) {
            for (unsigned w = 0; w < (compat_ ? 1u : 2u); ++w) {
                Form form;
                form.compat = compat_;
                form.map = static_cast<std::uint8_t>(map);
                form.opcode = static_cast<std::uint8_t>(opcode);
                form.operand_size = prefixes.operand_size;
                form.repeat = prefixes.repeat;
                form.lock = prefixes.lock;
                form.w = w != 0;
                all_modrm(form);
            }
        }
    }

    void vex_opcode(unsigned map, unsigned opcode) {
        for (unsigned bits = 0; bits < 16; ++bits) {
            Form form;
            form.compat = compat_;
            form.vex = true;
            form.map = static_cast<std::uint8_t>(map);
            form.opcode = static_cast<std::uint8_t>(opcode);
            form.pp = static_cast<std::uint8_t>(bits & 3);
            form.l = (bits & 4) != 0;
            form.w = (bits & 8) != 0;
            if (compat_ && form.w) continue;
            all_modrm(form);
        }
    }

    // 32-bit code: the longest vectors stand for all.
    void evex_opcode(unsigned map, unsigned opcode) {
        if (!has_avx512) return;
        for (unsigned bits = 0; bits < 64; ++bits) {
            Form form;
            form.compat = compat_;
            form.evex = true;
            form.map = static_cast<std::uint8_t>(map);
            form.opcode = static_cast<std::uint8_t>(opcode);
            form.pp = static_cast<std::uint8_t>(bits & 3);
            form.ll = static_cast<std::uint8_t>(bits >> 2 & 3);
            form.w = (bits & 16) != 0;
            form.b = (bits & 32) != 0;
            if (compat_ && form.ll != 2) continue;
            all_modrm(form);
        }
    }

    void all_modrm(Form& form) {
        // Without ModRM, whatever follows the opcode does not matter.
        if (try_form(form) && !saw_modrm_) return;
        form.has_modrm = true;
        for (const bool memory : {false, true}) {
            form.memory = memory;
            for (unsigned reg = 0; reg < 8; ++reg) {
                form.fixed_reg = static_cast<std::uint8_t>(reg);
                form.fixed_rm = 0;
                const bool found = try_form(form);
                if (memory || (found && rm_open_)) continue;
                for (unsigned rm = 1; rm < 8; ++rm) {
                    form.fixed_rm = static_cast<std::uint8_t>(rm);
                    try_form(form);
                }
            }
        }
    }

    // Decodes the skeleton; keeps it if it is a new form. True if it decoded at all.
    bool try_form(const Form& skeleton) {
        Form form = skeleton;
        Instance instance;
        Decoded decoded;
        std::uint8_t bytes[32];
        for (const bool vsib : {false, true}) {
            form.vsib = vsib;
            if (vsib) {
                if (!(form.vex || form.evex) || !form.memory) return false;
                instance.index = 5;  // index, mask and destination of a gather must differ
                if (form.vex) instance.registers[FieldVvvv] = 6;
                if (form.evex) instance.mask = 1;
                form.needs_mask = form.evex;
            }
            const Assembled code = assemble(form, instance);
            std::fill(std::begin(bytes), std::end(bytes), std::uint8_t{0});
            std::copy_n(code.bytes, code.length, bytes);
            if (decode(compat_, bytes, 15, decoded)) break;
            if (vsib) return false;
        }
        saw_modrm_ = (decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
        if (saw_modrm_ != form.has_modrm) return true;  // try_form again with ModRM
        form.masked = form.needs_mask || allows_mask(form, instance);
        keep(form, decoded);
        return true;
    }

    bool allows_mask(const Form& form, Instance instance) const {
        if (!form.evex) return false;
        instance.mask = 1;
        Assembled code = assemble(form, instance);
        std::fill(code.bytes + code.length, std::end(code.bytes), std::uint8_t{0});
        Decoded decoded;
        return decode(compat_, code.bytes, 15, decoded);
    }

    void keep(Form& form, const Decoded& decoded) {
        describe(form, decoded);
        rm_open_ = form.fields[FieldRm] != FieldKind::None;
        if (form.lock && (decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK) == 0) return;
        if (form.group == Group::None || !prefixes_mean_something(form, decoded)) return;
        const bool in_opcode = form.fields[FieldOpcode] != FieldKind::None;
        const unsigned opcode = in_opcode ? form.opcode & 0xf8u : form.opcode;
        std::string key = std::to_string(form.map * 256u + opcode) +
                          (form.evex  ? "e"
                           : form.vex ? "v"
                                      : "l") +
                          (form.memory ? "m" : "r");
        if (form.fields[FieldReg] == FieldKind::None) key += "/" + std::to_string(form.fixed_reg);
        if (!form.memory && !rm_open_) key += "." + std::to_string(form.fixed_rm);
        if (!seen_.insert(key + form.signature).second) return;
        forms_.push_back(form);
        if (!compat_ && has_implicit_counter_or_pointer(form)) {
            form.address_size = true;
            form.signature = "a32 " + form.signature;
            forms_.push_back(form);
        }
    }

    // Where an address-size prefix changes more than an address: RCX, RSI and RDI become ECX, ESI and EDI.
    static bool has_implicit_counter_or_pointer(const Form& form) {
        return form.group == Group::String || form.mnemonic == ZYDIS_MNEMONIC_JRCXZ ||
               form.mnemonic == ZYDIS_MNEMONIC_LOOP || form.mnemonic == ZYDIS_MNEMONIC_LOOPE ||
               form.mnemonic == ZYDIS_MNEMONIC_LOOPNE;
    }

    bool compat_;
    bool saw_modrm_ = false;
    bool rm_open_ = false;
    std::set<std::string> seen_;
    std::vector<Form> forms_;
};

}  // namespace

std::vector<Form> enumerate_forms(bool compat) { return Enumerator(compat).run(); }

unsigned count_signatures(const std::vector<const Form*>& forms) {
    std::set<std::string> signatures;
    for (const Form* form : forms) signatures.insert(form->signature);
    return static_cast<unsigned>(signatures.size());
}

}  // namespace hospes::oracle
