// Fills and flushes what a vCPU remembers of the guest's page tables: the soft TLBs, the code TLBs, the jump caches.
// All of it is hot code, but for create().
#pragma once

#include <cstdint>
#include <memory>

#include "base/reserved_array.h"
#include "engine/translator/cache/mode.h"
#include "engine/translator/mmu/mmu.h"

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
    // Code of `mode` is about to run: the jumps that its jump cache knows lead to such code only.
    [[gnu::always_inline]] void use_jumps(Mode mode) {
        const unsigned table = static_cast<unsigned>(mode.access_class());
        if (jump_modes_[table] == mode) return;
        clear_jumps(table, false);
        clear_jumps(table, true);
        jump_modes_[table] = mode;
    }
    // Where the jump cache leads for `target`, which is in T0 then; nullptr: it does not know.
    [[gnu::always_inline]] const void* known_jump(Gva target, Mode mode) {
        use_jumps(mode);
        const JumpCacheEntry& entry = state_.jump_cache[static_cast<unsigned>(mode.access_class())][jump_index(target)];
        return entry.target == target ? reinterpret_cast<const void*>(entry.host_code) : nullptr;
    }
    // `host_code` is where indirect jumps to `target` from code of `mode` go from now on.
    void fill_jump(Gva target, std::uint64_t host_code, Mode mode, bool global);

    void flush_all();
    void flush_non_global();
    void flush_page(Gva address);
    // Jump cache entries alone: translated code is gone.
    void flush_jumps();

    // No entry permits writing to RAM page `page` any more.
    void drop_write_access(std::uint64_t page);

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
    // A set of page numbers that may say yes wrongly.
    struct Filter {
        std::uint64_t words[16] = {};

        void add(std::uint64_t number) { words[number / 64 % 16] |= 1ull << number % 64; }
        bool may_hold(std::uint64_t number) const { return (words[number / 64 % 16] >> number % 64 & 1) != 0; }
        void clear() {
            for (std::uint64_t& word : words) word = 0;
        }
    };
    static constexpr unsigned kJumpEntries = 1u << kJumpCacheBits;
    static constexpr unsigned kCodeEntries = 1u << kCodeTlbBits;

    SoftTlb(GuestState& state, const memory::GuestRam& ram, ReservedArray<std::uint32_t> writers);

    static unsigned code_index(Gva address) { return (address >> kPageBits) & (kCodeEntries - 1); }
    static unsigned jump_index(Gva target) { return (target ^ target >> 12) & (kJumpEntries - 1); }
    void note_large_page(Gva address, unsigned page_bits);
    void note_writer(std::uint64_t page, unsigned table, unsigned index, std::uint64_t host_page);
    bool writes_to(std::uint32_t writer, std::uint64_t host_page) const;
    void drop_write_tag(unsigned table, unsigned index, std::uint64_t host_page);
    void keep_victim(unsigned table, unsigned index);
    void clear_victims();
    void reset_table(unsigned table);
    void reset_jumps(unsigned table);
    void clear_table(unsigned table, bool global);
    void clear_jumps(unsigned table, bool global);
    void clear_code(bool global);
    void clear_stack_windows();
    void flush_large_page(Gva address);
    void flush_code_page(Gva address, unsigned page_bits);

    GuestState& state_;
    const memory::GuestRam& ram_;
    // By RAM page: 0 = no entry permits writing to it, kManyWriters, or 1 + number of the only one that does.
    ReservedArray<std::uint32_t> writers_;
    // By access class, and apart by whether the mapping is global.
    Log<std::uint16_t, kTlbEntries> filled_[kAccessClasses][2];
    Log<std::uint16_t, kJumpEntries> filled_jumps_[kAccessClasses][2];
    bool any_victims_ = true;
    Mode jump_modes_[kAccessClasses];  // what the jump caches' code was translated for
    Filter large_pages_;               // by 2 MiB: entries came from mappings larger than 4 KiB
    Filter huge_pages_;                // by 1 GiB: from mappings of 1 GiB
    Filter code_pages_;                // by 4 KiB: code was fetched there
};

}  // namespace hospes::translator
