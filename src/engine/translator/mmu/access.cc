// Guest virtual memory access by the C++ of the engine: through the soft TLB where it hits, else by a walk.
#include "engine/translator/mmu/mmu.h"

namespace hospes::translator {

namespace {

// Plain copies, inline whatever the size: nothing here may reach libc's memcpy, which uses vector registers.
[[gnu::always_inline]] inline void copy(void* to, const void* from, unsigned size) {
    switch (size) {  // one access each, as the guest's own instruction would make
        case 1: __builtin_memcpy(to, from, 1); return;
        case 2: __builtin_memcpy(to, from, 2); return;
        case 4: __builtin_memcpy(to, from, 4); return;
        case 8: __builtin_memcpy(to, from, 8); return;
        default: break;
    }
    auto* target = static_cast<unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    for (; size >= 8; size -= 8, target += 8, source += 8) __builtin_memcpy(target, source, 8);
    for (; size != 0; --size) *target++ = *source++;
}

[[gnu::always_inline]] inline Gva wrap(const GuestState& state, Gva address) {
    return state.long_mode() ? address : address & 0xffff'ffff;
}

// Host address if the soft TLB knows [address, address + size), which lies in one page.
[[gnu::always_inline]] inline std::byte* lookup(GuestState& state, Gva address, Access access,
                                                AccessClass access_class) {
    const TlbEntry& entry = state.tlb[static_cast<unsigned>(access_class)].at(address);
    const std::uint64_t tag = access == Access::Write ? entry.write_tag : entry.read_tag;
    if (address + tag >= kPageSize) return nullptr;
    return reinterpret_cast<std::byte*>(address + entry.addend);
}

[[gnu::always_inline]] inline bool note_access(MmuContext& mmu, Gva address, unsigned size, Access access) {
    return mmu.accessed != nullptr && mmu.accessed(mmu.write_context, address, size, access);
}

Checked<void> read_translated(MmuContext& mmu, Gva address, const Translation& found, void* to, unsigned size,
                              AccessClass access_class) {
    const std::byte* host = mmu.ram.host(found.gpa, size);
    if (host == nullptr && mmu.vectors_live) return redo_cold();
    note_access(mmu, address, size, Access::Read);
    if (host != nullptr) {
        copy(to, host, size);
        if (mmu.walked_for_read != nullptr) mmu.walked_for_read(mmu.write_context, address, found, access_class);
        return {};
    }
    device_read(mmu, found.gpa, to, size);
    return {};
}

void write_translated(MmuContext& mmu, Gva address, const Translation& found, const void* from, unsigned size) {
    note_access(mmu, address, size, Access::Write);
    std::byte* host = mmu.ram.host(found.gpa, size);
    if (host == nullptr) {
        device_write(mmu, found.gpa, from, size);
        return;
    }
    mmu.before_write(mmu.write_context, found.gpa, size);
    copy(host, from, size);
}

// Whether a write to where `found` leads has to wait for a cold retry.
[[gnu::always_inline]] inline bool too_hot(const MmuContext& mmu, const Translation& found, unsigned size) {
    return mmu.vectors_live && mmu.ram.host(found.gpa, size) == nullptr;
}

[[gnu::always_inline]] inline bool crosses(Gva address, unsigned size) {
    return (address & kPageMask) + size > kPageSize;
}

Checked<void> read_crossing(MmuContext& mmu, Gva address, void* to, unsigned size, AccessClass access_class) {
    const auto first = static_cast<unsigned>(kPageSize - (address & kPageMask));
    const Gva second = wrap(mmu.state, address + first);
    const Translation low = GUEST_TRY(translate(mmu, address, Access::Read, access_class));
    const Translation high = GUEST_TRY(translate(mmu, second, Access::Read, access_class));
    if (too_hot(mmu, low, first) || too_hot(mmu, high, size - first)) return redo_cold();
    GUEST_TRY(read_translated(mmu, address, low, to, first, access_class));
    return read_translated(mmu, second, high, static_cast<std::byte*>(to) + first, size - first, access_class);
}

Checked<void> write_crossing(MmuContext& mmu, Gva address, const void* from, unsigned size, AccessClass access_class) {
    const auto first = static_cast<unsigned>(kPageSize - (address & kPageMask));
    const Gva second = wrap(mmu.state, address + first);
    // Without side effects first: a fault on the second page leaves the first page's D bit alone.
    const Translation low = GUEST_TRY(probe(mmu, address, Access::Write, access_class));
    const Translation high = GUEST_TRY(probe(mmu, second, Access::Write, access_class));
    if (too_hot(mmu, low, first) || too_hot(mmu, high, size - first)) return redo_cold();
    write_translated(mmu, address, GUEST_TRY(translate(mmu, address, Access::Write, access_class)), from, first);
    write_translated(mmu, second, GUEST_TRY(translate(mmu, second, Access::Write, access_class)),
                     static_cast<const std::byte*>(from) + first, size - first);
    return {};
}

}  // namespace

Checked<void> read_memory(MmuContext& mmu, Gva address, void* to, unsigned size, AccessClass access_class) {
    address = wrap(mmu.state, address);
    if (crosses(address, size)) return read_crossing(mmu, address, to, size, access_class);
    if (const std::byte* host = lookup(mmu.state, address, Access::Read, access_class)) {
        copy(to, host, size);
        return {};
    }
    const Translation found = GUEST_TRY(translate(mmu, address, Access::Read, access_class));
    return read_translated(mmu, address, found, to, size, access_class);
}

Checked<void> write_memory(MmuContext& mmu, Gva address, const void* from, unsigned size, AccessClass access_class) {
    address = wrap(mmu.state, address);
    if (crosses(address, size)) return write_crossing(mmu, address, from, size, access_class);
    if (std::byte* host = lookup(mmu.state, address, Access::Write, access_class)) {
        copy(host, from, size);
        return {};
    }
    const Translation found = GUEST_TRY(translate(mmu, address, Access::Write, access_class));
    if (too_hot(mmu, found, size)) return redo_cold();
    write_translated(mmu, address, found, from, size);
    return {};
}

Checked<std::uint64_t> read_value(MmuContext& mmu, Gva address, unsigned size, AccessClass access_class) {
    std::uint64_t value = 0;
    GUEST_TRY(read_memory(mmu, address, &value, size, access_class));
    return value;
}

Checked<void> write_value(MmuContext& mmu, Gva address, std::uint64_t value, unsigned size, AccessClass access_class) {
    return write_memory(mmu, address, &value, size, access_class);
}

Checked<std::byte*> map_memory(MmuContext& mmu, Gva address, unsigned size, Access access, AccessClass access_class) {
    address = wrap(mmu.state, address);
    if (std::byte* host = lookup(mmu.state, address, access, access_class)) return host;
    const Translation found = GUEST_TRY(translate(mmu, address, access, access_class));
    std::byte* host = mmu.ram.host(found.gpa, size);
    if (host == nullptr) return host;
    if (note_access(mmu, address, 0, access)) return nullptr;
    if (access == Access::Write) {
        mmu.before_write(mmu.write_context, found.gpa, size);
    } else if (mmu.walked_for_read != nullptr) {
        mmu.walked_for_read(mmu.write_context, address, found, access_class);
    }
    return host;
}

Checked<void> check_write(MmuContext& mmu, Gva address, unsigned size, AccessClass access_class) {
    address = wrap(mmu.state, address);
    const bool crossing = crosses(address, size);
    const auto first = crossing ? static_cast<unsigned>(kPageSize - (address & kPageMask)) : size;
    const Translation low = GUEST_TRY(probe(mmu, address, Access::Write, access_class));
    if (too_hot(mmu, low, first)) return redo_cold();
    if (!crossing) return {};
    const Translation high = GUEST_TRY(probe(mmu, wrap(mmu.state, address + first), Access::Write, access_class));
    if (too_hot(mmu, high, size - first)) return redo_cold();
    return {};
}

}  // namespace hospes::translator
