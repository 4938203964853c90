// What a vCPU remembers of address spaces that it left with MOV to CR3 and "no flush": entries of the soft TLB, the
// code TLB and the jump cache, by PCID, none of them global. Coming back costs a copy instead of a miss for each.
#pragma once

#include <cstdint>

#include "base/reserved_array.h"
#include "engine/translator/cache/mode.h"
#include "engine/translator/guest_state.h"

namespace hospes::translator {

struct SavedSpace {
    // Beyond these, entries are forgotten: a miss brings them back.
    static constexpr unsigned kEntries = 1024, kJumps = 2048, kCodePages = 256;

    struct Entry {
        std::uint16_t table, index;
        TlbEntry content;
    };
    struct Jump {
        std::uint16_t table, index;
        JumpCacheEntry content;
    };
    struct CodePage {
        std::uint16_t code_class, index;
        CodeTlbEntry content;
    };

    bool used;
    std::uint16_t pcid;
    std::uint64_t left_at;      // counts leavings: the space that was left first makes room
    std::uint64_t write_drops;  // SoftTlb's count then: if it grew, no entry permits writing
    Mode jump_modes[kAccessClasses];
    unsigned entry_count, jump_count, code_page_count;
    Entry entries[kEntries];
    Jump jumps[kJumps];
    CodePage code_pages[kCodePages];
};

class SavedSpaces {
  public:
    static constexpr unsigned kSpaces = 8;  // Linux uses six PCIDs on a CPU

    explicit SavedSpaces(ReservedArray<SavedSpace> spaces) : spaces_(std::move(spaces)) {}

    // The space saved for `pcid`, or nullptr.
    SavedSpace* find(unsigned pcid) {
        for (unsigned i = 0; i < kSpaces; ++i) {
            if (spaces_[i].used && spaces_[i].pcid == pcid) return &spaces_[i];
        }
        return nullptr;
    }
    // An empty space for `pcid`; another one may be forgotten for it.
    SavedSpace& make(unsigned pcid) {
        SavedSpace* best = find(pcid);
        for (unsigned i = 0; i < kSpaces && best == nullptr; ++i) {
            if (!spaces_[i].used) best = &spaces_[i];
        }
        if (best == nullptr) {
            best = &spaces_[0];
            for (unsigned i = 1; i < kSpaces; ++i) {
                if (spaces_[i].left_at < best->left_at) best = &spaces_[i];
            }
        }
        best->used = true;
        best->pcid = static_cast<std::uint16_t>(pcid);
        best->left_at = ++leavings_;
        best->entry_count = best->jump_count = best->code_page_count = 0;
        return *best;
    }
    void forget(unsigned pcid) {
        if (SavedSpace* space = find(pcid)) space->used = false;
    }
    void forget_all() {
        for (unsigned i = 0; i < kSpaces; ++i) spaces_[i].used = false;
    }
    void forget_jumps() {
        for (unsigned i = 0; i < kSpaces; ++i) spaces_[i].jump_count = 0;
    }

  private:
    ReservedArray<SavedSpace> spaces_;
    std::uint64_t leavings_ = 0;
};

}  // namespace hospes::translator
