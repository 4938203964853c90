#include "engine/translator/decode/memo.h"

#include <algorithm>
#include <cstring>

#include "engine/translator/decode/head.h"

namespace hospes::translator {

namespace {

// The first `count` bytes, at most 8, as a number.
std::uint64_t number_of(const std::uint8_t* bytes, unsigned count) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, count);
    return value;
}

}  // namespace

std::uint64_t DecodeMemo::Number::read(const std::uint8_t* bytes) const {
    const std::uint64_t value = number_of(bytes + offset, size);
    const unsigned unused = 64 - 8u * size;
    return is_signed ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused) : value;
}

unsigned DecodeMemo::index_of(std::uint64_t head, Mode mode) {
    return static_cast<unsigned>((head ^ static_cast<std::uint64_t>(mode.bits) << 40) * 0x9e37'79b9'7f4a'7c15u >>
                                 (64 - kBits));
}

bool DecodeMemo::recall(const std::uint8_t* bytes, Mode mode, Instruction& out) const {
    const unsigned length = head_length(bytes);
    if (length == 0) return false;
    const std::uint64_t head = number_of(bytes, length);
    const Entry& entry = entries_[index_of(head, mode)];
    if (entry.head != head || entry.head_length != length || entry.mode != mode) return false;
    out.reset();
    std::memcpy(&out.decoded.info, &entry.info, sizeof entry.info);
    out.decoded.admitted = entry.admitted;
    std::memcpy(out.decoded.operands, entry.operands, entry.info.operand_count * sizeof entry.operands[0]);
    static_cast<InstructionTraits&>(out) = entry.traits;
    std::memcpy(out.bytes, bytes, sizeof out.bytes);
    if (entry.displacement.size != 0) {
        const auto value = static_cast<std::int64_t>(entry.displacement.read(bytes));
        out.decoded.info.raw.disp.value = value;
        out.decoded.operands[entry.displacement.operand].mem.disp.value = value;
    }
    if (entry.immediate.size != 0) {
        const std::uint64_t value = entry.immediate.read(bytes);
        out.decoded.info.raw.imm[0].value.u = value;
        out.decoded.operands[entry.immediate.operand].imm.value.u = value;
    }
    return true;
}

void DecodeMemo::keep(const std::uint8_t* bytes, Mode mode, const Instruction& in) {
    const unsigned length = head_length(bytes);
    if (length == 0 || in.info().operand_count > kMostOperands) return;
    const std::uint64_t head = number_of(bytes, length);
    Entry& entry = entries_[index_of(head, mode)];
    if (!find_numbers(in, length, entry)) {
        entry.head_length = 0;
        return;
    }
    entry.head = head;
    entry.head_length = static_cast<std::uint8_t>(length);
    entry.mode = mode;
    entry.info = in.info();
    entry.admitted = in.decoded.admitted;
    std::copy_n(in.decoded.operands, in.info().operand_count, entry.operands);
    entry.traits = static_cast<const InstructionTraits&>(in);
}

// Believes head_length() only as far as the decoder agrees: the head ends where the numbers begin, and each number is
// what one operand shows.
bool DecodeMemo::find_numbers(const Instruction& in, unsigned head_length, Entry& entry) {
    const auto& raw = in.info().raw;
    entry.displacement = {};
    entry.immediate = {};
    unsigned end = head_length;
    if (raw.disp.size != 0) {
        if (raw.disp.offset != end) return false;
        entry.displacement = {raw.disp.offset, static_cast<std::uint8_t>(raw.disp.size / 8), in.memory, true};
        if (in.memory == kNoOperand || in.memory_operand().mem.disp.value != raw.disp.value) return false;
        end += raw.disp.size / 8u;
    }
    const bool in_head = raw.imm[0].size != 0 && raw.imm[0].offset < head_length;  // a shift's count
    if (raw.imm[0].size != 0 && !in_head) {
        const ZydisDecodedOperand* const first = in.decoded.operands;
        const ZydisDecodedOperand* const last = first + in.info().operand_count;
        const auto is_immediate = [](const ZydisDecodedOperand& operand) {
            return operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
        };
        const ZydisDecodedOperand* const shown = std::find_if(first, last, is_immediate);
        const bool one = std::count_if(first, last, is_immediate) == 1;
        if (raw.imm[0].offset != end || !one || shown->imm.value.u != raw.imm[0].value.u) return false;
        entry.immediate = {raw.imm[0].offset, static_cast<std::uint8_t>(raw.imm[0].size / 8),
                           static_cast<std::uint8_t>(shown - first), raw.imm[0].is_signed != 0};
        if (entry.immediate.read(in.bytes) != raw.imm[0].value.u) return false;
        end += raw.imm[0].size / 8u;
    }
    return raw.imm[1].size == 0 && end == in.length();
}

}  // namespace hospes::translator
