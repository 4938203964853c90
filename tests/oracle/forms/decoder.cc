#include "forms/decoder.h"

namespace hospes::oracle {

namespace {

ZydisDecoder make_decoder(bool compat) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, compat ? ZYDIS_MACHINE_MODE_LONG_COMPAT_32 : ZYDIS_MACHINE_MODE_LONG_64,
                     compat ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_64);
    return decoder;
}

}  // namespace

bool decode(bool compat, const std::uint8_t* bytes, std::size_t length, Decoded& decoded) {
    static const ZydisDecoder decoders[2] = {make_decoder(false), make_decoder(true)};
    return ZYAN_SUCCESS(
        ZydisDecoderDecodeFull(&decoders[compat], bytes, length, &decoded.instruction, decoded.operands));
}

std::string disassemble(bool compat, const std::uint8_t* bytes, std::size_t length, std::uint64_t address) {
    Decoded decoded;
    if (!decode(compat, bytes, length, decoded)) return "(bad)";
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    char text[160];
    ZydisFormatterFormatInstruction(&formatter, &decoded.instruction, decoded.operands,
                                    decoded.instruction.operand_count_visible, text, sizeof text, address, nullptr);
    return text;
}

std::string hex_bytes(const std::uint8_t* bytes, std::size_t length) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        if (i > 0) text += ' ';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

}  // namespace hospes::oracle
