#include "engine/translator/decode/decoder.h"

#include <algorithm>
#include <cstring>

#include "engine/translator/decode/classify.h"
#include "engine/translator/decode/feature_gate.h"

namespace hospes::translator {

Decoder::Decoder(const x86::CpuidModel& model) : model_(model) {
    ZydisDecoderInit(&decoders_[0], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderInit(&decoders_[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&decoders_[2], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    for (ZydisDecoder& decoder : decoders_) set_decoder_features(decoder, model);
}

bool Decoder::decode(const CodeView& view, Mode mode, Instruction& out) const {
    std::uint8_t joined[15];
    const std::uint8_t* bytes = view.bytes;
    std::uint64_t length = std::min<std::uint64_t>(view.length, sizeof joined);
    if (length < sizeof joined && view.next_page != nullptr) {
        std::memcpy(joined, view.bytes, length);
        std::memcpy(joined + length, view.next_page, sizeof joined - length);
        bytes = joined;
        length = sizeof joined;
    }
    const ZydisDecoder& decoder = decoders_[mode.has(Mode::kCode64) ? 0 : mode.has(Mode::kCode32) ? 1 : 2];
    out.reset();
    const ZyanStatus status = ZydisDecoderDecodeFull(&decoder, bytes, length, &out.decoded.info, out.decoded.operands);
    if (!ZYAN_SUCCESS(status)) {
        const bool incomplete = status == ZYDIS_STATUS_NO_MORE_DATA && length < sizeof joined;
        out.decoded.info = {};
        out.decoded.info.mnemonic = ZYDIS_MNEMONIC_INVALID;
        out.decoded.info.length = incomplete ? 0 : 1;
        out.decoded.admitted = false;
        out.decoded.too_long =
            !incomplete && (status == ZYDIS_STATUS_NO_MORE_DATA || status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG);
        std::memcpy(out.bytes, bytes, length);
        return false;
    }
    std::memcpy(out.bytes, bytes, out.length());
    classify(out, mode);
    return true;
}

void Decoder::classify(Instruction& out, Mode mode) const {
    out.decoded.admitted = admits(model_, out.decoded.info);
    if (out.decoded.admitted && vector_unit_on(out.decoded.info, mode)) translator::classify(out, mode);
}

bool Decoder::decode_or_recall(const CodeView& view, Mode mode, Instruction& out) {
    const bool recallable = mode.has(Mode::kCode64) && view.length >= sizeof out.bytes;
    if (recallable && memo_.recall(view.bytes, mode, out)) return true;
    const bool known = decode(view, mode, out);
    if (recallable && known) memo_.keep(view.bytes, mode, out);
    return known;
}

unsigned Decoder::decode_block(const CodeView& view, Mode mode, std::uint32_t offset, unsigned limit,
                               std::span<Instruction> out) {
    unsigned count = 0;
    std::uint64_t at = 0;
    while (count < limit && at < view.length) {
        Instruction& instruction = out[count];
        // Only the first instruction of a block may straddle into the next page.
        const CodeView rest{view.bytes + at, view.length - at, count == 0 ? view.next_page : nullptr};
        instruction.offset = offset + static_cast<std::uint32_t>(at);
        const bool known = decode_or_recall(rest, mode, instruction);
        if (instruction.length() == 0) break;
        ++count;
        if (!known || ends_block(instruction.kind)) break;
        at += instruction.length();
    }
    return count;
}

bool ends_block(Kind kind) {
    switch (kind) {
        case Kind::System:
        case Kind::AccessFlag:
        case Kind::Jump:
        case Kind::Loop:
        case Kind::JumpIndirect:
        case Kind::Call:
        case Kind::CallIndirect:
        case Kind::Return: return true;
        default: return false;
    }
}

}  // namespace hospes::translator
