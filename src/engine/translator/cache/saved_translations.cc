// Blocks that earlier runs have made: put into the code memory; and what later runs need, taken from there.
//
// Saved code is as if both its parts, and the thunks, were at 0, and its first exit and its stored instructions had the
// number 0.
#include <cstring>

#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

namespace {

void add32(std::uint8_t* at, std::uint32_t value) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    word += value;
    std::memcpy(at, &word, sizeof word);
}

// Where a block's parts lie in the code memory. Thunks are at the same place in all runs of a program.
struct Parts {
    CodeOffset hot, hot_size, cold;

    std::uint32_t distance(const Relocation& relocation) const {
        const Relocation::Kind kind = relocation.kind;
        const CodeOffset to = kind == Relocation::Kind::ToHot ? hot : kind == Relocation::Kind::ToCold ? cold : 0;
        return to - (relocation.at < hot_size ? hot : cold);
    }
    // From an offset that counts from the hot part's begin to one that counts on from its end, and back.
    std::uint16_t position(CodeOffset from_begin) const {
        return static_cast<std::uint16_t>(from_begin < hot_size ? from_begin : from_begin - (cold - hot) + hot_size);
    }
    CodeOffset from_begin(std::uint16_t position) const {
        return position < hot_size ? position : cold - hot + (position - hot_size);
    }
};

SavedExit to_saved(const ExitRecord& exit, const Parts& parts) {
    SavedExit saved{};
    saved.target = exit.target;
    saved.jump = parts.position(exit.jump);
    saved.frame_check = exit.checked ? parts.position(exit.frame_check) : std::uint16_t{0};
    if (exit.changes_access) saved.bits |= SavedExit::kChangesAccess;
    if (exit.checked) saved.bits |= SavedExit::kChecked;
    if (exit.flags_saved) saved.bits |= SavedExit::kFlagsSaved;
    return saved;
}

ExitRecord from_saved(const SavedExit& saved, const Parts& parts) {
    ExitRecord exit{};
    exit.target = saved.target;
    exit.jump = parts.from_begin(saved.jump);
    exit.frame_check = parts.from_begin(saved.frame_check);
    exit.changes_access = (saved.bits & SavedExit::kChangesAccess) != 0;
    exit.checked = (saved.bits & SavedExit::kChecked) != 0;
    exit.flags_saved = (saved.bits & SavedExit::kFlagsSaved) != 0;
    return exit;
}

}  // namespace

// The block that was emitted last, its code as it is saved.
std::vector<std::uint8_t> CodeCache::portable_code(const EmittedBlock& emitted) const {
    const Parts parts{cursor_, emitted.size, cold_cursor_};
    const std::uint8_t* const hot = memory_.writable() + parts.hot;
    const std::uint8_t* const cold = memory_.writable() + parts.cold;
    std::vector<std::uint8_t> code(hot, hot + emitted.size);
    code.insert(code.end(), cold, cold + emitted.cold_size);
    for (const Relocation& relocation : emitted.relocations) {
        std::uint8_t* const at = code.data() + relocation.at;
        switch (relocation.kind) {
            case Relocation::Kind::Exit: add32(at, 0 - exit_count_); break;
            case Relocation::Kind::System: std::memset(at + 4, 0, 4); break;
            default: add32(at, 0 - parts.distance(relocation));
        }
    }
    return code;
}

void CodeCache::record(const Origin& origin, Mode shape, const EmittedBlock& emitted, const CodeView& view) const {
    const Parts parts{cursor_, emitted.size, cold_cursor_};
    const std::vector<std::uint8_t> code = portable_code(emitted);
    std::vector<SavedExit> exits;
    for (const ExitRecord& exit : emitted.exits) exits.push_back(to_saved(exit, parts));
    SavedHeader header{};
    header.mode = shape.bits;
    header.page_offset = origin.page_offset;
    header.guest_length = origin.guest_length;
    header.instructions = origin.instructions;
    header.flags_live_in = emitted.flags_live_in;
    header.entry = static_cast<std::uint16_t>(emitted.entry);
    header.entry_saved = static_cast<std::uint16_t>(emitted.entry_saved);
    SavedBlock block{};
    block.exits = exits;
    block.points = emitted.points;
    block.relocations = emitted.relocations;
    block.guest = std::span(bytes_).first(origin.bytes_seen);
    block.hot = std::span(code).first(emitted.size);
    block.cold = std::span(code).subspan(emitted.size);
    const std::uint32_t key = saved_block_key(shape, origin.page_offset, {view.bytes, view.length});
    options_.recorder->add(key, header, block);
}

// The block at `gpa` as it was saved, if it was; else 0.
BlockIndex CodeCache::load(Gpa gpa, Mode mode, Mode shape, std::uint32_t page_offset, const CodeView& view) {
    const auto saved = options_.saved->find(shape, page_offset, {view.bytes, view.length});
    if (!saved || saved->exits.size() > kMostExits || saved->points.size() > kMostPoints) return 0;
    if (!put_in_place(*saved, mode)) return 0;
    const SavedHeader& header = *saved->header;
    const std::size_t bytes_seen = saved->guest.size();
    const Origin origin{gpa, mode, page_offset, header.guest_length, header.instructions, bytes_seen, kNotStraddled};
    loaded_exits_.clear();
    for (const SavedExit& exit : saved->exits) {
        loaded_exits_.push_back(from_saved(exit, {cursor_, header.hot_size, cold_cursor_}));
    }
    EmittedBlock emitted;
    emitted.size = header.hot_size;
    emitted.cold_size = header.cold_size;
    emitted.entry = header.entry;
    emitted.entry_saved = header.entry_saved;
    emitted.flags_live_in = header.flags_live_in != 0;
    emitted.exits = loaded_exits_;
    emitted.points = saved->points;
    emitted.relocations = saved->relocations;
    if (options_.recorder != nullptr) record(origin, shape, emitted, view);
    ++counters_.loaded_blocks;
    const BlockIndex index = add_block(origin, emitted);
    keep(origin, index, {});
    return index;
}

// Copies the block's code to where the next one goes. False: one of its instructions for C++ does not decode.
bool CodeCache::put_in_place(const SavedBlock& saved, Mode mode) {
    const Parts parts{cursor_, saved.header->hot_size, cold_cursor_};
    std::uint8_t* const hot = memory_.writable() + parts.hot;
    std::uint8_t* const cold = memory_.writable() + parts.cold;
    std::memcpy(hot, saved.hot.data(), saved.hot.size());
    std::memcpy(cold, saved.cold.data(), saved.cold.size());
    for (const Relocation& relocation : saved.relocations) {
        std::uint8_t* const at = hot + parts.from_begin(relocation.at);
        switch (relocation.kind) {
            case Relocation::Kind::Exit: add32(at, exit_count_); break;
            case Relocation::Kind::System: {
                std::uint32_t offset;
                std::memcpy(&offset, at, sizeof offset);
                const std::uint32_t stored = store_again(saved, offset, mode);
                if (stored == 0) return false;
                std::memcpy(at + 4, &stored, sizeof stored);
                break;
            }
            default: add32(at, parts.distance(relocation));
        }
    }
    return true;
}

// The index of the stored instruction at `offset` in the code page; 0: there is none.
std::uint32_t CodeCache::store_again(const SavedBlock& saved, std::uint32_t offset, Mode mode) {
    const std::uint32_t in_block = offset - saved.header->page_offset;
    if (in_block >= saved.guest.size()) return 0;
    const CodeView view{bytes_ + in_block, sizeof bytes_ - in_block};
    if (decoder_.decode_block(view, mode, offset, 1, scratch_) == 0) return 0;
    return system_instructions_.store(scratch_[0], mode);
}

}  // namespace hospes::translator
