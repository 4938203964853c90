// Page walks (SDM volume 3, chapter 4).
#include "engine/translator/mmu/mmu.h"

namespace hospes::translator {

namespace {

// Bits of paging-structure entries (SDM volume 3, tables 4-5 to 4-20).
constexpr std::uint64_t P = 1u << 0;
constexpr std::uint64_t RW = 1u << 1;
constexpr std::uint64_t US = 1u << 2;
constexpr std::uint64_t A = 1u << 5;
constexpr std::uint64_t D = 1u << 6;
constexpr std::uint64_t PS = 1u << 7;
constexpr std::uint64_t G = 1u << 8;
constexpr std::uint64_t XD = 1ull << 63;

constexpr std::uint64_t bits(unsigned high, unsigned low) {
    return ((high == 63 ? 0 : 1ull << (high + 1)) - 1) & ~((1ull << low) - 1);
}
constexpr std::uint64_t kAddress = bits(kPhysicalBits - 1, 12);
constexpr std::uint64_t kReservedAddress = bits(51, kPhysicalBits);

struct Step {
    Gpa where = 0;
    std::uint64_t entry = 0;
};

// What a walk found, before permissions are looked at.
struct Walk {
    Step steps[4];
    unsigned count = 0;
    unsigned entry_size = 8;
    std::uint64_t allowed = RW | US;  // of all levels
    std::uint64_t no_execute = 0;
    unsigned page_bits = 12;
    Gpa gpa = 0;
    std::uint32_t error = 0;  // P|RSVD or 0, if `failed`
    bool failed = false;
};

// Paging structures outside RAM read as all ones, as from a bus that nobody answers on.
[[gnu::always_inline]] inline std::uint64_t load_entry(const memory::GuestRam& ram, Gpa where, unsigned size) {
    const std::byte* host = ram.host(where, size);
    if (size == 4) {
        if (host == nullptr) return 0xffff'ffff;
        return __atomic_load_n(reinterpret_cast<const std::uint32_t*>(host), __ATOMIC_ACQUIRE);
    }
    if (host == nullptr) return ~0ull;
    return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(host), __ATOMIC_ACQUIRE);
}

[[gnu::always_inline]] inline bool fail(Walk& walk, std::uint32_t error) {
    walk.failed = true;
    walk.error = error;
    return false;
}

// Reads one entry, checks P and reserved bits and folds its rights in.
[[gnu::always_inline]] inline bool step(const memory::GuestRam& ram, Walk& walk, Gpa where, std::uint64_t reserved) {
    const std::uint64_t entry = load_entry(ram, where, walk.entry_size);
    if ((entry & P) == 0) return fail(walk, 0);
    if ((entry & reserved) != 0) return fail(walk, x86::page_fault::P | x86::page_fault::RSVD);
    walk.steps[walk.count++] = {where, entry};
    walk.allowed &= entry;
    walk.no_execute |= entry & XD;
    return true;
}

[[gnu::always_inline]] inline void finish(Walk& walk, Gva address, unsigned page_bits, Gpa frame) {
    walk.page_bits = page_bits;
    walk.gpa = frame | (address & ((1ull << page_bits) - 1));
}

// The last two levels of PAE and 4-level paging, from the page directory at `table`.
[[gnu::always_inline]] inline void walk_directory(const memory::GuestRam& ram, Walk& walk, Gva address, Gpa table,
                                                  std::uint64_t reserved) {
    if (!step(ram, walk, table + ((address >> 21) & 0x1ff) * 8, reserved)) return;
    std::uint64_t entry = walk.steps[walk.count - 1].entry;
    if ((entry & PS) != 0) {
        if ((entry & bits(20, 13)) != 0) {
            fail(walk, x86::page_fault::P | x86::page_fault::RSVD);
            return;
        }
        finish(walk, address, 21, entry & kAddress & ~bits(20, 0));
        return;
    }
    if (!step(ram, walk, (entry & kAddress) + ((address >> 12) & 0x1ff) * 8, reserved)) return;
    finish(walk, address, 12, walk.steps[walk.count - 1].entry & kAddress);
}

// SDM volume 3, 4.5.
void walk_4level(const GuestState& state, const memory::GuestRam& ram, Walk& walk, Gva address) {
    const std::uint64_t reserved = kReservedAddress | ((state.efer & x86::efer::NXE) != 0 ? 0 : XD);
    if (!step(ram, walk, (state.cr3 & kAddress) + ((address >> 39) & 0x1ff) * 8, reserved | PS)) return;
    std::uint64_t entry = walk.steps[0].entry;
    if (!step(ram, walk, (entry & kAddress) + ((address >> 30) & 0x1ff) * 8, reserved)) return;
    entry = walk.steps[1].entry;
    if ((entry & PS) != 0) {
        if ((entry & bits(29, 13)) != 0) {
            fail(walk, x86::page_fault::P | x86::page_fault::RSVD);
            return;
        }
        finish(walk, address, 30, entry & kAddress & ~bits(29, 0));
        return;
    }
    walk_directory(ram, walk, address, entry & kAddress, reserved);
}

// SDM volume 3, 4.4. PDPTEs are registers, loaded and checked with CR3; they hold no rights and no A bit.
void walk_pae(const GuestState& state, const memory::GuestRam& ram, Walk& walk, Gva address) {
    const std::uint64_t entry = state.pdpte[(address >> 30) & 3];
    if ((entry & P) == 0) {
        fail(walk, 0);
        return;
    }
    const std::uint64_t reserved = bits(62, kPhysicalBits) | ((state.efer & x86::efer::NXE) != 0 ? 0 : XD);
    walk_directory(ram, walk, address, entry & kAddress, reserved);
}

// SDM volume 3, 4.3, with PSE-36.
void walk_32bit(const GuestState& state, const memory::GuestRam& ram, Walk& walk, Gva address) {
    walk.entry_size = 4;
    if (!step(ram, walk, (state.cr3 & 0xffff'f000) + ((address >> 22) & 0x3ff) * 4, 0)) return;
    const std::uint64_t entry = walk.steps[0].entry;
    if ((entry & PS) != 0 && (state.cr4 & x86::cr4::PSE) != 0) {
        if ((entry & (1u << 21)) != 0) {
            fail(walk, x86::page_fault::P | x86::page_fault::RSVD);
            return;
        }
        finish(walk, address, 22, (entry & 0xffc0'0000) | ((entry & bits(20, 13)) << (32 - 13)));
        return;
    }
    if (!step(ram, walk, (entry & 0xffff'f000) + ((address >> 12) & 0x3ff) * 4, 0)) return;
    finish(walk, address, 12, walk.steps[1].entry & 0xffff'f000);
}

// SDM volume 3, 4.6.1.
[[gnu::always_inline]] inline bool permitted(const GuestState& state, const Walk& walk, Access access,
                                             AccessClass access_class) {
    const bool user_page = (walk.allowed & US) != 0;
    const bool writable = (walk.allowed & RW) != 0;
    if (access_class == AccessClass::User) {
        if (!user_page || (access == Access::Write && !writable)) return false;
        return access != Access::Fetch || walk.no_execute == 0;
    }
    if (access == Access::Fetch) {
        return walk.no_execute == 0 && !(user_page && (state.cr4 & x86::cr4::SMEP) != 0);
    }
    if (user_page && access_class == AccessClass::SmapSupervisor) return false;
    return access == Access::Read || writable || (state.cr0 & x86::cr0::WP) == 0;
}

[[gnu::always_inline]] inline GuestFault page_fault(const GuestState& state, Gva address, Access access,
                                                    AccessClass access_class, std::uint32_t error) {
    if (access == Access::Write) error |= x86::page_fault::WR;
    if (access_class == AccessClass::User) error |= x86::page_fault::US;
    if (access == Access::Fetch) {
        const bool nx = (state.cr4 & x86::cr4::PAE) != 0 && (state.efer & x86::efer::NXE) != 0;
        if (nx || (state.cr4 & x86::cr4::SMEP) != 0) error |= x86::page_fault::ID;
    }
    return {x86::PF_, true, error, address};
}

// Sets `wanted` in the entry at `step` (SDM volume 3, 4.8). False if the entry has changed since it was read.
bool set_bits(MmuContext& mmu, const Step& step, unsigned size, std::uint64_t wanted) {
    if ((step.entry & wanted) == wanted) return true;
    std::byte* host = mmu.ram.host(step.where, size);
    if (host == nullptr) return true;
    mmu.before_write(mmu.write_context, step.where, size);
    if (size == 4) {
        auto expected = static_cast<std::uint32_t>(step.entry);
        return __atomic_compare_exchange_n(reinterpret_cast<std::uint32_t*>(host), &expected,
                                           static_cast<std::uint32_t>(step.entry | wanted), false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST);
    }
    std::uint64_t expected = step.entry;
    return __atomic_compare_exchange_n(reinterpret_cast<std::uint64_t*>(host), &expected, step.entry | wanted, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool set_accessed_and_dirty(MmuContext& mmu, Walk& walk, bool dirty) {
    for (unsigned i = 0; i < walk.count; ++i) {
        const bool leaf = i + 1 == walk.count;
        if (!set_bits(mmu, walk.steps[i], walk.entry_size, leaf && dirty ? A | D : A)) return false;
    }
    if (dirty) walk.steps[walk.count - 1].entry |= D;
    return true;
}

Checked<Translation> walk_once(MmuContext& mmu, Gva address, Access access, AccessClass access_class, bool commit,
                               bool& again) {
    const GuestState& state = mmu.state;
    Walk walk;
    if (state.long_mode()) {
        walk_4level(state, mmu.ram, walk, address);
    } else if ((state.cr4 & x86::cr4::PAE) != 0) {
        walk_pae(state, mmu.ram, walk, address);
    } else {
        walk_32bit(state, mmu.ram, walk, address);
    }
    if (walk.failed) return page_fault(state, address, access, access_class, walk.error);
    if (!permitted(state, walk, access, access_class)) {
        return page_fault(state, address, access, access_class, x86::page_fault::P);
    }
    if (commit && !set_accessed_and_dirty(mmu, walk, access == Access::Write)) {
        again = true;
        return Translation{};
    }
    const std::uint64_t leaf = walk.steps[walk.count - 1].entry;
    Translation result;
    result.gpa = walk.gpa;
    result.writable = (leaf & D) != 0 && permitted(state, walk, Access::Write, access_class);
    result.user = (walk.allowed & US) != 0;
    result.global = (leaf & G) != 0 && (state.cr4 & x86::cr4::PGE) != 0;
    result.page_bits = static_cast<std::uint8_t>(walk.page_bits);
    return result;
}

[[gnu::always_inline]] inline Checked<Translation> translate_with(MmuContext& mmu, Gva address, Access access,
                                                                  AccessClass access_class, bool commit) {
    if (mmu.state.long_mode()) {
        if (!is_canonical(address)) return general_protection();
    } else {
        address &= 0xffff'ffff;
    }
    if (!mmu.state.paging()) {
        Translation same;
        same.gpa = address;
        same.writable = true;
        same.user = true;
        return same;
    }
    for (;;) {  // another vCPU, or a device, may change an entry between its reading and the setting of A and D
        bool again = false;
        const Checked<Translation> result = walk_once(mmu, address, access, access_class, commit, again);
        if (!again) return result;
    }
}

}  // namespace

bool load_pdptes(GuestState& state, const memory::GuestRam& ram, std::uint64_t cr3) {
    constexpr std::uint64_t kReserved = bits(63, kPhysicalBits) | bits(8, 5) | bits(2, 1);
    std::uint64_t loaded[4];
    for (unsigned i = 0; i < 4; ++i) {
        loaded[i] = load_entry(ram, (cr3 & 0xffff'ffe0) + 8 * i, 8);
        if ((loaded[i] & P) != 0 && (loaded[i] & kReserved) != 0) return false;
    }
    for (unsigned i = 0; i < 4; ++i) state.pdpte[i] = loaded[i];
    return true;
}

Checked<Translation> translate(MmuContext& mmu, Gva address, Access access, AccessClass access_class) {
    return translate_with(mmu, address, access, access_class, true);
}

Checked<Translation> probe(MmuContext& mmu, Gva address, Access access, AccessClass access_class) {
    return translate_with(mmu, address, access, access_class, false);
}

AccessClass implicit_class(const GuestState& state) {
    return (state.cr4 & x86::cr4::SMAP) != 0 ? AccessClass::SmapSupervisor : AccessClass::Supervisor;
}

}  // namespace hospes::translator
