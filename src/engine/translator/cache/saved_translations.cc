// Blocks that earlier runs have made: put into the code memory; and what later runs need, taken from there.
#include <cstring>

#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

// Of the block that goes where the next one does.
Placement CodeCache::placement(CodeOffset hot_size) const {
    return {memory_.writable(), cursor_, hot_size, cold_cursor_, exit_count_};
}

// The block's code with each constant changed, one at a time, that may be an address in a kernel.
std::vector<CodeCache::Moved> CodeCache::emit_moved(const Request& request, const CodeView& view) {
    std::vector<Moved> all;
    if (request.mode.user() || request.second_page != kNotStraddled) return all;
    for (const std::uint16_t guest : kernel_addresses(decode(request, view))) {
        add32(bytes_ + guest, kTrialMove);
        if (const auto emission = emit(request, view)) {
            all.push_back({guest, portable_code(placement(emission->block.size), emission->block)});
        }
        add32(bytes_ + guest, 0 - kTrialMove);
    }
    return all;
}

// Of a block that was emitted just now.
void CodeCache::record(const Request& request, const CodeView& view, const Emission& emission,
                       std::span<const Moved> moved) {
    const std::vector<std::uint8_t> code = portable_code(placement(emission.block.size), emission.block);
    std::vector<SavedConstant> constants;
    for (const Moved& one : moved) add_constants(constants, one.guest, code, one.code);
    record_as(code, constants, request, view, emission);
}

void CodeCache::record_as(std::span<const std::uint8_t> code, std::span<const SavedConstant> constants,
                          const Request& request, const CodeView& view, const Emission& emission) {
    const auto& [origin, emitted] = emission;
    std::vector<SavedExit> exits;
    for (const ExitRecord& exit : emitted.exits) exits.push_back(to_saved(exit, placement(emitted.size)));
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
    const SavedHeader& header = *saved->header;
    const Placement here = placement(header.hot_size);
    put_in_place(here, *saved);
    if (!store_instructions(*saved, here, request.mode)) return 0;
    for (const SavedConstant& constant : saved->constants) {
        add32(here.at(constant.host), word_at(bytes_ + constant.guest) - word_at(&saved->guest[constant.guest]));
    }
    loaded_exits_.clear();
    for (const SavedExit& exit : saved->exits) loaded_exits_.push_back(from_saved(exit, here));
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
    if (options_.recorder != nullptr)
        record_as(portable_code(here, emitted), saved->constants, request, view, emission);
    ++counters_.loaded_blocks;
    const BlockIndex index = add_block(emission.origin, emitted);
    keep(emission.origin, index);
    return index;
}

// Gives the instructions for C++ in the block that was put in place their numbers. False: one of them does not decode.
bool CodeCache::store_instructions(const SavedBlock& saved, const Placement& placement, Mode mode) {
    for (const Relocation& relocation : saved.relocations) {
        if (relocation.kind != Relocation::Kind::System) continue;
        std::uint8_t* const at = placement.at(relocation.at);
        const std::uint32_t stored = store_again(saved, word_at(at), mode);
        if (stored == 0) return false;
        std::memcpy(at + 4, &stored, sizeof stored);
    }
    return true;
}

// The index of the stored instruction at `offset` in the code page; 0: there is none.
std::uint32_t CodeCache::store_again(const SavedBlock& saved, std::uint32_t offset, Mode mode) {
    const std::uint32_t in_block = offset - saved.header->page_offset;
    if (in_block >= saved.guest.size()) return 0;
    const CodeView view{bytes_ + in_block, saved.guest.size() - in_block};
    const bool room = !system_instructions_.is_full();  // a file could ask for any number
    if (!room || decoder_.decode_block(view, mode, offset, 1, scratch_) == 0) return 0;
    return system_instructions_.store(scratch_[0], mode);
}

}  // namespace hospes::translator
