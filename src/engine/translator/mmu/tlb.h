// The software TLB: per access class, a direct-mapped table that translated code probes inline.
//
// An entry holds tags for reading and for writing; a hit means host address = guest address + addend, or
// host page + offset in the page, whichever the code finds cheaper.
// Tags are negated so that `add` gives the offset in the page, and one unsigned compare covers both the tag and an
// access that would run over the page's end.
#pragma once

#include <cstdint>

#include "base/address.h"

namespace hospes::translator {

// Which rules a data access obeys. Translated code is specialised on it, so a change of privilege costs no TLB work.
enum class AccessClass : std::uint8_t {
    User,            // CPL 3
    Supervisor,      // CPL 0..2, user pages allowed (SMAP off or EFLAGS.AC set)
    SmapSupervisor,  // CPL 0..2, user pages fault
};
inline constexpr unsigned kAccessClasses = 3;

// Covers 256 MiB. Larger working sets miss; a larger table would itself no longer fit the host's second-level cache.
inline constexpr unsigned kTlbBits = 16;
inline constexpr unsigned kTlbEntries = 1u << kTlbBits;

struct TlbEntry {
    std::uint64_t read_tag;  // minus the guest page's address, or empty_tag()
    std::uint64_t write_tag;
    std::uint64_t addend;
    std::uint64_t host_page;
};
static_assert(sizeof(TlbEntry) == 32);

// The tag of an empty entry is that of a page whose index is another one, so that no address probed there matches it,
// canonical or not: page 0's, so that memory full of zeroes is a table of empty entries, and another one's where page 0
// itself is looked for, or what runs over the end of the address space into it.
[[gnu::always_inline]] constexpr std::uint64_t empty_tag(unsigned index) {
    const bool at_page_0 = ((index + 1) & (kTlbEntries - 1)) <= 1;
    return at_page_0 ? 0 - (std::uint64_t{kTlbEntries / 2} << kPageBits) : 0;
}

// Second chance for pages that share an entry of the table, as arrays a power of two apart do. Looked at after a miss.
inline constexpr unsigned kVictimBits = 9;
inline constexpr unsigned kVictimEntries = 1u << kVictimBits;
inline constexpr unsigned kVictimShift = 14;  // the page number is hashed with itself shifted by this
[[gnu::always_inline]] inline unsigned victim_index(Gva address) {
    const std::uint64_t page = address >> kPageBits;
    return (page ^ page >> kVictimShift) & (kVictimEntries - 1);
}
// As empty_tag(): no address that is looked up at `index` matches.
[[gnu::always_inline]] inline std::uint64_t empty_victim_tag(unsigned index) {
    return 0 - (static_cast<std::uint64_t>(index ^ (kVictimEntries / 2)) << kPageBits);
}

// Tag of an empty stack window: its page is not canonical, and with addend 0 an access there is the host's own #GP.
inline constexpr std::uint64_t kNoWindow = 0x8000'0000'0000'0000;

struct TlbTable {
    TlbEntry entries[kTlbEntries];

    [[gnu::always_inline]] static unsigned index(Gva address) { return (address >> kPageBits) & (kTlbEntries - 1); }
    [[gnu::always_inline]] TlbEntry& at(Gva address) { return entries[index(address)]; }
    // Makes a table of zeroes one of empty entries.
    void start() {
        clear(0);
        clear(kTlbEntries - 1);
    }
    [[gnu::always_inline]] void clear(unsigned index) { entries[index] = {empty_tag(index), empty_tag(index), 0, 0}; }
};

// The page that stack accesses used last: probed at fixed addresses, before the table.
// Present only for pages that may be read and written.
struct StackWindow {
    std::uint64_t tag;  // minus the guest page's address, or kNoWindow
    std::uint64_t addend;
};

// Where frames lie on both sides of a page's end, moving the window at each miss would cost more than it saves.
inline constexpr std::uint32_t kStackPatience = 7;

}  // namespace hospes::translator
