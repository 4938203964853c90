// What does not decode must be #UD, whatever its operands would be.
#include <set>

#include "case.h"
#include "forms/decoder.h"
#include "forms/form.h"

namespace hospes::oracle {

namespace {

// Prefixes and escapes: what follows them decides. 0F 0F is 3DNow!, whose opcode comes last.
bool decides_nothing(unsigned map, unsigned opcode) {
    static const std::set<unsigned> one_byte = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
                                                0x67, 0x62, 0x8f, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3};
    if (map == 0) return one_byte.count(opcode) != 0 || (opcode >= 0x40 && opcode < 0x50);
    return map == 1 && (opcode == 0x0f || opcode == 0x38 || opcode == 0x3a);
}

std::vector<std::uint8_t> make_bytes(unsigned prefix, unsigned map, unsigned opcode, unsigned modrm) {
    std::vector<std::uint8_t> bytes;
    if (prefix != 0) bytes.push_back(static_cast<std::uint8_t>(prefix));
    if (map != 0) bytes.push_back(0x0f);
    if (map == 2) bytes.push_back(0x38);
    if (map == 3) bytes.push_back(0x3a);
    bytes.push_back(static_cast<std::uint8_t>(opcode));
    bytes.push_back(static_cast<std::uint8_t>(modrm));
    return bytes;
}

bool decodes(std::vector<std::uint8_t> bytes) {
    bytes.resize(15);
    Decoded decoded;
    return decode(false, bytes.data(), bytes.size(), decoded);
}

// One form an opcode, with a memory and with a register operand; the first /reg that is invalid stands for all.
void append_opcode(unsigned prefix, unsigned map, unsigned opcode, std::vector<Form>& forms) {
    for (const unsigned mod : {0x00u, 0xc0u}) {
        for (unsigned reg = 0; reg < 8; ++reg) {
            const std::vector<std::uint8_t> bytes =
                make_bytes(prefix, map, opcode, mod | reg << 3 | 3);  // [rbx] or RBX
            if (decodes(bytes)) continue;
            Form form;
            form.raw = bytes;
            form.group = Group::Invalid;
            form.signature = "invalid " + hex_bytes(bytes.data(), bytes.size() - 1);
            forms.push_back(std::move(form));
            break;
        }
    }
}

// What EVEX's prefix does not lead to; registers, lengths and the rest are chosen so that much else decodes.
void append_evex(unsigned map, unsigned opcode, std::vector<Form>& forms) {
    for (unsigned bits = 0; bits < 8; ++bits) {
        const auto payload = static_cast<std::uint8_t>((bits & 4u) << 5 | 0x7cu | (bits & 3u));  // W, pp, no vvvv
        for (const std::uint8_t modrm : {std::uint8_t{0x03}, std::uint8_t{0xc3}}) {              // [rbx] or a register
            const std::vector<std::uint8_t> bytes = {0x62, static_cast<std::uint8_t>(0xf0u | map), payload,
                                                     0x48, static_cast<std::uint8_t>(opcode),      modrm};
            if (decodes(bytes)) continue;
            Form form;
            form.raw = bytes;
            form.group = Group::Invalid;
            form.signature = "invalid " + hex_bytes(bytes.data(), bytes.size());
            forms.push_back(std::move(form));
        }
    }
}

}  // namespace

std::vector<Form> enumerate_invalid_forms() {
    std::vector<Form> forms;
    for (const unsigned prefix : {0x00u, 0x66u, 0xf3u, 0xf2u, 0xf0u}) {
        for (unsigned map = 0; map < 4; ++map) {
            for (unsigned opcode = 0; opcode < 256; ++opcode) {
                if (!decides_nothing(map, opcode)) append_opcode(prefix, map, opcode, forms);
            }
        }
    }
    for (unsigned map = 1; has_avx512 && map < 4; ++map) {
        for (unsigned opcode = 0; opcode < 256; ++opcode) append_evex(map, opcode, forms);
    }
    return forms;
}

}  // namespace hospes::oracle
