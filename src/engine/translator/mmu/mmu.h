// Guest virtual memory for the C++ side of the engine: page walks, and accesses with the faults they give.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/address.h"
#include "cpu/vcpu_host.h"
#include "engine/translator/checked.h"
#include "engine/translator/guest_state.h"
#include "memory/guest_ram.h"

namespace hospes::translator {

enum class Access : std::uint8_t { Read, Write, Fetch };

// Where a guest virtual address leads, and what else the mapping allows.
struct Translation {
    Gpa gpa = 0;            // of the address itself, not of its page
    bool writable = false;  // a write at the same privilege would succeed and the D bit is set already
    bool user = false;      // the U/S bit of the whole walk
    bool global = false;
    std::uint8_t page_bits = kPageBits;  // 12, 21, 22 or 30: size of the mapping
};

// What the mmu needs beside the state; owned by the vCPU, given by reference to all C++ of the engine.
struct MmuContext {
    GuestState& state;
    memory::GuestRam& ram;
    // Called before C++ writes guest RAM through the functions here: [gpa, gpa+size) may hold translated code.
    // While vectors_live, it must leave the vector and x87 registers alone or save and restore them itself.
    void (*before_write)(void* context, Gpa gpa, std::uint64_t size);
    void* write_context;
    cpu::VcpuHost* host = nullptr;  // for device memory; set while run() is active
    // Optional: called after a walk for a read of RAM, so that the soft TLB's owner may enter the page for reading.
    // The same rule as for before_write.
    void (*walked_for_read)(void* context, Gva address, const Translation& found, AccessClass access_class) = nullptr;
    // Where data breakpoints are: called with each access of C++ that the soft TLB does not know; with size 0 before
    // one. True: it is to a page that has one. The same rule as for before_write.
    bool (*accessed)(void* context, Gva address, std::uint64_t size, Access access) = nullptr;
    // The guest's vector state is in host registers: nothing that may use those can be called. What would need to
    // (device memory) gives the pseudo fault kRedoCold instead, before any side effect.
    bool vectors_live = false;
};

// Vector of a fault that is none: save the vector state, clear vectors_live and do the instruction again.
inline constexpr std::uint8_t kRedoCold = 0xff;
[[gnu::always_inline]] inline GuestFault redo_cold() { return {kRedoCold, false, 0, 0}; }

// Physical addresses have this many bits: CPUID 8000_0008H, reserved bits of paging structures and of CR3.
inline constexpr unsigned kPhysicalBits = 46;

[[gnu::always_inline]] inline bool is_canonical(Gva address) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16) == address;
}

// Loads the PDPTE registers of PAE paging from the table that `cr3` names (SDM volume 3, 4.4.1). False: an entry has
// reserved bits set, and nothing was loaded.
bool load_pdptes(GuestState& state, const memory::GuestRam& ram, std::uint64_t cr3);

// Walks the guest's tables for one access of class `access_class` (SDM volume 3, chapter 4). Sets A and D bits
// atomically as hardware would. Faults: #PF with CR2 and error code; #GP for a non-canonical address.
Checked<Translation> translate(MmuContext& mmu, Gva address, Access access, AccessClass access_class);

// The same without setting A and D bits.
Checked<Translation> probe(MmuContext& mmu, Gva address, Access access, AccessClass access_class);

// The class of implicit supervisor accesses: descriptor tables, TSS, the stack of a privilege change.
// They are supervisor accesses at any CPL, and SMAP holds for them whatever AC says.
AccessClass implicit_class(const GuestState& state);

// Copies `size` bytes (at most 4096) from or to guest virtual memory. Both pages of a crossing access are checked
// before the first byte moves. Device memory is accessed through the VcpuHost, naturally aligned pieces of up to 8.
Checked<void> read_memory(MmuContext& mmu, Gva address, void* to, unsigned size, AccessClass access_class);
Checked<void> write_memory(MmuContext& mmu, Gva address, const void* from, unsigned size, AccessClass access_class);

// One little-endian value of `size` 1, 2, 4 or 8 bytes.
Checked<std::uint64_t> read_value(MmuContext& mmu, Gva address, unsigned size, AccessClass access_class);
Checked<void> write_value(MmuContext& mmu, Gva address, std::uint64_t value, unsigned size, AccessClass access_class);

// Host address of `address`, for [address, address+size) within one page of RAM; nullptr if that is device memory, or a
// page with a data breakpoint.
// For writing, before_write has been called for the range.
Checked<std::byte*> map_memory(MmuContext& mmu, Gva address, unsigned size, Access access, AccessClass access_class);

// Checks that [address, address+size), at most 4096 bytes, could be written now, without writing (sets no A or D bit).
Checked<void> check_write(MmuContext& mmu, Gva address, unsigned size, AccessClass access_class);

// Device memory, any size; not while vectors_live.
void device_read(MmuContext& mmu, Gpa gpa, void* to, unsigned size);
void device_write(MmuContext& mmu, Gpa gpa, const void* from, unsigned size);

}  // namespace hospes::translator
