// Fills and flushes what a vCPU remembers of the guest's page tables: the soft TLBs, the code TLBs, the jump caches.
// All of it is hot code, but for create().
#pragma once

#include <cstdint>
#include <memory>

#include "base/reserved_array.h"
#include "engine/translator/cache/mode.h"
#include "engine/translator/filter.h"
#include "engine/translator/mmu/mmu.h"
#include "engine/translator/runtime/saved_spaces.h"

namespace hospes::translator {

class SoftTlb {
  public:
    static Result<std::unique_ptr<SoftTlb>> create(GuestState& state, const memory::GuestRam& ram);

    // Enters the page of `address`, which `found` maps to RAM. `writable`: stores may go there without being seen.
    void fill(Gva address, const Translation& found, AccessClass access_class, bool writable);
    // Makes the page of `address`, which is in the TLB for reading and writing, the stack window of its class.
    void fill_stack_window(Gva address, AccessClass access_class);

    // Code pages: `code_class` is Mode::code_class(). `large`: the mapping, and RAM behind it, has 2 MiB or more.
    const CodeTlbEntry& code_entry(Gva address, unsigned code_class) const {
        return state_.code_tlb[code_class][code_index(address)];
    }
    void fill_code(Gva address, const Translation& found, unsigned code_class, bool large);
    // Code of `mode` is about to run: the jumps that its jump cache knows lead to such code only. Supervisor code comes
    // to the other access class by itself (STAC, CLAC): that one's jumps are made ready too.
    [[gnu::always_inline]] void use_jumps(Mode mode) {
        if (jump_modes_[static_cast<unsigned>(mode.access_class())] == mode) return;
        change_jump_mode(mode);
        if (!mode.user()) change_jump_mode(mode.other_access());
    }
    // Where the jump cache leads for `target`, which is in T0 then; nullptr: it does not know.
    [[gnu::always_inline]] const void* known_jump(Gva target, Mode mode) {
        use_jumps(mode);
        const JumpCacheEntry* set = &state_.jump_cache[static_cast<unsigned>(mode.access_class())][jump_set(target)];
        for (unsigned way = 0; way < 2; ++way) {
            if (set[way].target == target) return reinterpret_cast<const void*>(set[way].host_code);
        }
        return nullptr;
    }
    // `host_code` is where indirect jumps to `target` from code of `mode` go from now on.
    void fill_jump(Gva target, std::uint64_t host_code, Mode mode, bool global);

    void flush_all();
    // Of the current address space only.
    void flush_non_global();
    // The address space is now `pcid`'s. `keep`: what was known of it when it was left is still good.
    void enter_space(unsigned pcid, bool keep);
    // Of address spaces other than the current one nothing is remembered.
    void forget_other_spaces() { spaces_.forget_all(); }
    void flush_page(Gva address);
    // Jump cache entries alone: translated code is gone.
    void flush_jumps();

    // No entry permits writing to RAM page `page` any more.
    void drop_write_access(std::uint64_t page);
    // Nor to any of RAM pages [first, first + count).
    void drop_write_access(std::uint64_t first, std::uint64_t count);

  private:
    // Which entries of a table were filled, so that a flush need not look at all of them.
    template <typename Index, unsigned kCapacity>
    struct Log {
        unsigned count = 0;  // above kCapacity: too many to remember
        Index entries[kCapacity];

        void add(unsigned index) {
            if (count < kCapacity) entries[count] = static_cast<Index>(index);
            if (count <= kCapacity) ++count;
        }
        bool complete() const { return count <= kCapacity; }
    };
    // Calls `visit` with every index in `log`, or with all of the table's `size` if the log is not complete.
    template <typename Index, unsigned kCapacity, typename Visit>
    [[gnu::always_inline]] static void for_each(const Log<Index, kCapacity>& log, unsigned size, Visit visit) {
        const bool complete = log.complete();
        for (unsigned i = 0; i < (complete ? log.count : size); ++i) visit(complete ? log.entries[i] : i);
    }
    // A set of indices below kSize.
    template <unsigned kSize>
    struct Bitmap {
        std::uint64_t words[kSize / 64] = {};

        bool holds(unsigned index) const { return (words[index / 64] >> index % 64 & 1) != 0; }
        void set(unsigned index, bool value) {
            const std::uint64_t bit = 1ull << index % 64;
            words[index / 64] = value ? words[index / 64] | bit : words[index / 64] & ~bit;
        }
    };
    static constexpr unsigned kJumpEntries = 1u << kJumpCacheBits;
    static constexpr unsigned kCodeEntries = 1u << kCodeTlbBits;
    static constexpr std::uint64_t kNoPage = 1;  // odd: the page of no code TLB entry

    SoftTlb(GuestState& state, const memory::GuestRam& ram, ReservedArray<std::uint32_t> writers,
            ReservedArray<SavedSpace> spaces);

    static unsigned code_index(Gva address) { return (address >> kPageBits) & (kCodeEntries - 1); }
    void note_large_page(Gva address, unsigned page_bits);
    // GuestRam's index of the page that is at `host_page`.
    std::uint64_t ram_page_of(std::uint64_t host_page) const {
        return (host_page - reinterpret_cast<std::uint64_t>(ram_.host(0, kPageSize))) >> kPageBits;
    }
    void note_writer(std::uint64_t page, unsigned table, unsigned index, std::uint64_t host_page);
    bool writes_to(std::uint32_t writer, std::uint64_t host_page) const;
    void drop_write_tag(unsigned table, unsigned index, std::uint64_t host_page);
    void keep_victim(unsigned table, unsigned index);
    void clear_victims();
    void reset_table(unsigned table);
    void put_jump(unsigned table, unsigned index, const JumpCacheEntry& jump, bool global);
    void reset_jumps(unsigned table);
    void reset_code(unsigned code_class);
    void clear_table(unsigned table, bool global);
    void clear_jumps(unsigned table, bool global);
    void change_jump_mode(Mode mode);
    void clear_code(bool global);
    void clear_stack_windows();
    void flush_large_page(Gva address);
    void flush_code_page(Gva address, unsigned page_bits);

    // soft_tlb_spaces.cc
    void save_space(SavedSpace& space);
    void save_entries(SavedSpace& space, unsigned table);
    void save_jumps(SavedSpace& space, unsigned table);
    void save_code_pages(SavedSpace& space, unsigned code_class);
    void restore_space(const SavedSpace& space);
    void restore_entry(const SavedSpace::Entry& saved, bool writes_stand);

    GuestState& state_;
    const memory::GuestRam& ram_;
    // By RAM page: 0 = no entry permits writing to it, kManyWriters, or 1 + number of the only one that does.
    ReservedArray<std::uint32_t> writers_;
    // By access class, and apart by whether the mapping is global.
    Log<std::uint16_t, kTlbEntries> filled_[kAccessClasses][2];
    Log<std::uint16_t, kJumpEntries> filled_jumps_[kAccessClasses][2];
    Log<std::uint16_t, kCodeEntries> filled_code_[2];  // by code class
    Bitmap<kTlbEntries> is_global_[kAccessClasses];
    Bitmap<kJumpEntries> is_global_jump_[kAccessClasses];
    SavedSpaces spaces_;
    unsigned space_ = 0;             // PCID of the current address space
    std::uint64_t write_drops_ = 0;  // how often write access was taken back from a page
    bool any_victims_ = true;
    Mode jump_modes_[kAccessClasses];  // what the jump caches' code was translated for
    Filter<1u << 14> large_pages_;     // by 2 MiB: entries came from mappings larger than 4 KiB
    Filter<1u << 10> huge_pages_;      // by 1 GiB: from mappings of 1 GiB
    Filter<1u << 15> code_pages_;      // by 4 KiB: code was fetched there
};

}  // namespace hospes::translator
