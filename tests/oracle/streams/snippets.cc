#include "streams/snippets.h"

namespace hospes::oracle {

namespace {

std::uint8_t byte(unsigned value) { return static_cast<std::uint8_t>(value); }

}  // namespace

int append_piece(Stream& stream, std::vector<std::uint8_t> bytes) {
    Piece piece;
    piece.bytes = std::move(bytes);
    piece.unit = stream.units;
    stream.pieces.push_back(std::move(piece));
    return static_cast<int>(stream.pieces.size()) - 1;
}

int append_branch(Stream& stream, std::vector<std::uint8_t> opcode, unsigned fix_bytes) {
    const std::size_t fix_at = opcode.size();
    opcode.resize(fix_at + fix_bytes);
    const int index = append_piece(stream, std::move(opcode));
    stream.pieces.back().fix_at = byte(static_cast<unsigned>(fix_at));
    stream.pieces.back().fix_bytes = byte(fix_bytes);
    return index;
}

void append_load(Stream& stream, unsigned gpr, std::uint64_t value) {
    std::vector<std::uint8_t> bytes = {byte(0x48 | gpr >> 3), byte(0xb8 | (gpr & 7))};
    for (unsigned i = 0; i < 8; ++i) bytes.push_back(byte((value >> (8 * i)) & 0xff));
    append_piece(stream, std::move(bytes));
}

int append_load_label(Stream& stream, unsigned gpr) {
    return append_branch(stream, {byte(0x48 | (gpr >> 3) << 2), 0x8d, byte((gpr & 7) << 3 | 5)}, 4);
}

void append_one_operand(Stream& stream, std::uint8_t opcode, unsigned extension, unsigned gpr, bool wide) {
    const unsigned rex = (wide ? 0x48u : 0x40u) | gpr >> 3;
    append_piece(stream, {byte(rex), opcode, byte(0xc0 | extension << 3 | (gpr & 7))});
}

void append_short(Stream& stream, std::uint8_t opcode, unsigned gpr) {
    std::vector<std::uint8_t> bytes;
    if (gpr >= 8) bytes.push_back(0x41);
    bytes.push_back(byte(opcode | (gpr & 7)));
    append_piece(stream, std::move(bytes));
}

}  // namespace hospes::oracle
