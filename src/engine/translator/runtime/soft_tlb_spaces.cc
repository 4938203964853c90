// Changing the address space without losing what was learned of the one that is left.
#include "engine/translator/runtime/soft_tlb.h"

namespace hospes::translator {

void SoftTlb::enter_space(unsigned pcid, bool keep) {
    if (pcid != space_) save_space(spaces_.make(space_));
    flush_non_global();
    SavedSpace* const saved = spaces_.find(pcid);
    if (saved != nullptr && keep) restore_space(*saved);
    if (saved != nullptr) saved->used = false;
    space_ = pcid;
}

void SoftTlb::save_space(SavedSpace& space) {
    space.write_drops = write_drops_;
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        space.jump_modes[table] = jump_modes_[table];
        save_entries(space, table);
        save_jumps(space, table);
    }
    for (unsigned code_class = 0; code_class < 2; ++code_class) save_code_pages(space, code_class);
}

// An entry that is logged twice is saved once: it is cleared with the saving.
void SoftTlb::save_entries(SavedSpace& space, unsigned table) {
    const auto& log = filled_[table][false];
    if (!log.complete()) return;
    for (unsigned i = 0; i < log.count && space.entry_count < SavedSpace::kEntries; ++i) {
        const std::uint16_t index = log.entries[i];
        const TlbEntry& entry = state_.tlb[table].entries[index];
        if (entry.read_tag == empty_tag(index) || is_global_[table].holds(index)) continue;
        space.entries[space.entry_count++] = {static_cast<std::uint16_t>(table), index, entry};
        state_.tlb[table].clear(index);
    }
}

void SoftTlb::save_jumps(SavedSpace& space, unsigned table) {
    const auto& log = filled_jumps_[table][false];
    if (!log.complete()) return;
    for (unsigned i = 0; i < log.count && space.jump_count < SavedSpace::kJumps; ++i) {
        const std::uint16_t index = log.entries[i];
        JumpCacheEntry& entry = state_.jump_cache[table][index];
        if (entry.target == no_target(index) || is_global_jump_[table].holds(index)) continue;
        space.jumps[space.jump_count++] = {static_cast<std::uint16_t>(table), index, entry};
        entry.target = no_target(index);
    }
}

void SoftTlb::save_code_pages(SavedSpace& space, unsigned code_class) {
    const auto& log = filled_code_[code_class];
    if (!log.complete()) return;
    for (unsigned i = 0; i < log.count && space.code_page_count < SavedSpace::kCodePages; ++i) {
        const std::uint16_t index = log.entries[i];
        CodeTlbEntry& entry = state_.code_tlb[code_class][index];
        if (entry.page == kNoPage || entry.global != 0) continue;
        space.code_pages[space.code_page_count++] = {static_cast<std::uint16_t>(code_class), index, entry};
        entry.page = kNoPage;
    }
}

// Where something global has taken the place meanwhile, that stays.
void SoftTlb::restore_space(const SavedSpace& space) {
    const bool writes_stand = space.write_drops == write_drops_;
    for (unsigned i = 0; i < space.entry_count; ++i) restore_entry(space.entries[i], writes_stand);
    for (unsigned i = 0; i < space.jump_count; ++i) {
        const SavedSpace::Jump& jump = space.jumps[i];
        JumpCacheEntry& entry = state_.jump_cache[jump.table][jump.index];
        if (entry.target != no_target(jump.index) || !(space.jump_modes[jump.table] == jump_modes_[jump.table]))
            continue;
        entry = jump.content;
        filled_jumps_[jump.table][false].add(jump.index);
        is_global_jump_[jump.table].set(jump.index, false);
    }
    for (unsigned i = 0; i < space.code_page_count; ++i) {
        const SavedSpace::CodePage& page = space.code_pages[i];
        CodeTlbEntry& entry = state_.code_tlb[page.code_class][page.index];
        if (entry.page != kNoPage) continue;
        entry = page.content;
        filled_code_[page.code_class].add(page.index);
    }
}

void SoftTlb::restore_entry(const SavedSpace::Entry& saved, bool writes_stand) {
    TlbEntry& entry = state_.tlb[saved.table].entries[saved.index];
    if (entry.read_tag != empty_tag(saved.index)) return;
    entry = saved.content;
    filled_[saved.table][false].add(saved.index);
    is_global_[saved.table].set(saved.index, false);
    if (entry.write_tag == empty_tag(saved.index)) return;
    if (writes_stand) {
        note_writer(ram_page_of(entry.host_page), saved.table, saved.index, entry.host_page);
    } else {
        entry.write_tag = empty_tag(saved.index);
    }
}

}  // namespace hospes::translator
