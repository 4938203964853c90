// Blocks of code that the guest rewrites: which of them are kept, and which constant in them is one that it patches.
#include <cstring>

#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

namespace {

struct ByteRange {
    unsigned begin, end;
};

// What differs between two runs of bytes; they do differ.
ByteRange difference(const std::uint8_t* a, const std::uint8_t* b, unsigned length) {
    unsigned begin = 0, end = length;
    while (a[begin] == b[begin]) ++begin;
    while (a[end - 1] == b[end - 1]) --end;
    return {begin, end};
}

// Where in the instruction the constant lies that emission can read from memory: an LEA's displacement of 32 bits, or
// what MOV puts into a register of 32 or 64 bits.
ByteRange patchable_constant(const Instruction& in) {
    const ZydisDecodedInstruction& info = in.info();
    const ZydisDecodedOperand& to = in.operand(0);
    if (in.kind == Kind::Address && info.raw.disp.size == 32 && to.size >= 32 && info.address_width == 64) {
        return {info.raw.disp.offset, info.raw.disp.offset + 4u};
    }
    const bool moves = in.kind == Kind::Plain && info.mnemonic == ZYDIS_MNEMONIC_MOV &&
                       to.type == ZYDIS_OPERAND_TYPE_REGISTER && to.size >= 32;
    if (!moves || info.raw.imm[0].size < 32) return {0, 0};
    return {info.raw.imm[0].offset, info.raw.imm[0].offset + info.raw.imm[0].size / 8u};
}

}  // namespace

// If the block has been made before, and all that has changed since is one constant: that will change again.
CodeCache::Constant CodeCache::find_patched_constant(Gpa gpa, Mode mode, std::span<Instruction> instructions) {
    if (!rewritten_pages_.may_hold(ram_.page_index(gpa)) || (options_.without & kPatchedConstants)) return {};
    const KeptBlock& kept = kept_blocks_[kept_slot(gpa, mode)];
    const unsigned first = instructions[0].offset;
    const std::uint8_t* const now = bytes_;
    if (!kept.is_of(gpa, mode) || instructions.back().end() - first < kept.length || kept.fits(now)) return {};
    const ByteRange changed = difference(kept.bytes, now, kept.length);
    for (Instruction& in : instructions) {
        const ByteRange field = patchable_constant(in);
        const unsigned begin = in.offset - first + field.begin, end = in.offset - first + field.end;
        if (changed.begin < begin || changed.end > end || end > kept.length) continue;
        in.constant = reinterpret_cast<const std::uint8_t*>(ram_.host(gpa, kept.length)) + begin;
        return {static_cast<std::uint8_t>(begin), static_cast<std::uint8_t>(end)};
    }
    return {};
}

// If its page has been rewritten before.
void CodeCache::keep(const Origin& origin, BlockIndex index) {
    if (!rewritten_pages_.may_hold(ram_.page_index(origin.gpa)) || (options_.without & kRevival)) return;
    const bool one_page = (origin.gpa & kPageMask) + origin.bytes_seen <= kPageSize;
    if (origin.second_page != kNotStraddled || !one_page || origin.bytes_seen > KeptBlock::kMostBytes) return;
    KeptBlock& kept = kept_blocks_[kept_slot(origin.gpa, origin.mode)];
    kept.gpa = origin.gpa;
    kept.mode = origin.mode;
    kept.length = static_cast<std::uint8_t>(origin.bytes_seen);
    kept.constant_begin = origin.constant.begin;
    kept.constant_end = origin.constant.end;
    kept.block = index;
    std::memcpy(kept.bytes, bytes_, kept.length);
    std::memcpy(kept.entry, memory_.writable() + blocks_[index].entry_indirect, sizeof kept.entry);
}

}  // namespace hospes::translator
