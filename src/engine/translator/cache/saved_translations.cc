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

constexpr std::uint32_t kMove = 3u << 21;  // changes the third byte, and no lower one

// Where in a block's bytes constants lie that may be addresses in a kernel: displacements, and immediates of 32 bits
// and 64, whose low halves count.
std::vector<std::uint16_t> kernel_addresses(std::span<const Instruction> instructions) {
    std::vector<std::uint16_t> found;
    for (const Instruction& in : instructions) {
        const auto add = [&](unsigned size, unsigned offset) {
            if (size < 32 || !SavedConstant::is_kernel_address(word_at(in.bytes + offset))) return;
            found.push_back(static_cast<std::uint16_t>(in.offset - instructions[0].offset + offset));
        };
        const auto& raw = in.info().raw;
        add(raw.disp.size, raw.disp.offset);
        if (!raw.imm[0].is_relative) add(raw.imm[0].size, raw.imm[0].offset);
    }
    return found;
}

// Adds the places in `code` of the constant at `guest`, if it makes no other difference in `moved` than that it is
// there and greater by kMove.
void add_constants(std::vector<SavedConstant>& to, std::uint16_t guest, std::span<const std::uint8_t> code,
                   std::span<const std::uint8_t> moved) {
    if (code.size() != moved.size()) return;
    const std::size_t before = to.size();
    for (std::size_t at = 0; at < code.size(); ++at) {
        if (code[at] == moved[at]) continue;
        const std::size_t begin = at - 2;
        const bool fits = at >= 2 && begin + 4 <= code.size();
        if (!fits || word_at(&moved[begin]) - word_at(&code[begin]) != kMove) return to.resize(before);
        to.push_back({guest, static_cast<std::uint16_t>(begin)});
        at = begin + 3;
    }
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

// The block's code with each constant changed, one at a time, that may be an address in a kernel.
std::vector<CodeCache::Moved> CodeCache::emit_moved(const Request& request, const CodeView& view) {
    std::vector<Moved> all;
    if (request.mode.user()) return all;
    for (const std::uint16_t guest : kernel_addresses(decode(request, view))) {
        add32(bytes_ + guest, kMove);
        if (const auto emission = emit(request, view)) all.push_back({guest, portable_code(emission->block)});
        add32(bytes_ + guest, 0 - kMove);
    }
    return all;
}

// Of a block that was emitted just now.
void CodeCache::record(const Request& request, const CodeView& view, const Emission& emission,
                       std::span<const Moved> moved) {
    const std::vector<std::uint8_t> code = portable_code(emission.block);
    std::vector<SavedConstant> constants;
    for (const Moved& one : moved) add_constants(constants, one.guest, code, one.code);
    record(request, view, emission, code, constants);
}

void CodeCache::record(const Request& request, const CodeView& view, const Emission& emission,
                       std::span<const std::uint8_t> code, std::span<const SavedConstant> constants) {
    const auto& [origin, emitted] = emission;
    const Parts parts{cursor_, emitted.size, cold_cursor_};
    std::vector<SavedExit> exits;
    for (const ExitRecord& exit : emitted.exits) exits.push_back(to_saved(exit, parts));
    SavedHeader header{};
    header.mode = request.shape.bits;
    header.page_offset = request.page_offset;
    header.guest_length = origin.guest_length;
    header.instructions = origin.instructions;
    header.flags_live_in = emitted.flags_live_in;
    header.entry = static_cast<std::uint16_t>(emitted.entry);
    header.entry_saved = static_cast<std::uint16_t>(emitted.entry_saved);
    SavedBlock block{};
    block.exits = exits;
    block.points = emitted.points;
    block.relocations = emitted.relocations;
    block.constants = constants;
    block.guest = std::span(bytes_).first(origin.bytes_seen);
    block.hot = code.first(emitted.size);
    block.cold = code.subspan(emitted.size);
    const std::span<const std::uint8_t> bytes(view.bytes, constants.empty() ? view.length : 0);
    options_.recorder->add(saved_block_key(request.shape, request.page_offset, bytes), header, block);
}

// The block as it was saved, if it was; else 0.
BlockIndex CodeCache::load(const Request& request, const CodeView& view) {
    const auto saved = options_.saved->find(request.shape, request.page_offset, {view.bytes, view.length});
    if (!saved || saved->exits.size() > kMostExits || saved->points.size() > kMostPoints) return 0;
    if (!put_in_place(*saved, request.mode)) return 0;
    const SavedHeader& header = *saved->header;
    loaded_exits_.clear();
    for (const SavedExit& exit : saved->exits) {
        loaded_exits_.push_back(from_saved(exit, {cursor_, header.hot_size, cold_cursor_}));
    }
    Emission emission{{request.gpa,
                       request.mode,
                       request.page_offset,
                       header.guest_length,
                       header.instructions,
                       saved->guest.size(),
                       kNotStraddled,
                       {}},
                      {}};
    EmittedBlock& emitted = emission.block;
    emitted.size = header.hot_size;
    emitted.cold_size = header.cold_size;
    emitted.entry = header.entry;
    emitted.entry_saved = header.entry_saved;
    emitted.flags_live_in = header.flags_live_in != 0;
    emitted.exits = loaded_exits_;
    emitted.points = saved->points;
    emitted.relocations = saved->relocations;
    if (options_.recorder != nullptr) record(request, view, emission, portable_code(emitted), saved->constants);
    ++counters_.loaded_blocks;
    const BlockIndex index = add_block(emission.origin, emitted);
    keep(emission.origin, index);
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
    for (const SavedConstant& constant : saved.constants) {
        const std::uint32_t move = word_at(bytes_ + constant.guest) - word_at(&saved.guest[constant.guest]);
        add32(hot + parts.from_begin(constant.host), move);
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
