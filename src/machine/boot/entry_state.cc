#include "machine/boot/entry_state.h"

#include <array>

#include "machine/boot/memory_map.h"
#include "x86/registers.h"

namespace hospes::machine {

namespace {

constexpr std::uint64_t kCode64 = 0x00af9b000000ffff, kCode32 = 0x00cf9b000000ffff, kData = 0x00cf93000000ffff;

// Unpacks a flat descriptor (SDM volume 3, figure 3-8).
x86::Segment flat_segment(std::uint16_t selector, std::uint64_t descriptor) {
    x86::Segment segment;
    segment.selector = selector;
    segment.limit = 0xffffffff;
    segment.attributes = static_cast<std::uint16_t>((descriptor >> 40) & 0xf0ff);
    return segment;
}

template <std::size_t count>
void load_gdt(memory::GuestRam& ram, cpu::VcpuState& state, const std::array<std::uint64_t, count>& gdt) {
    ram.write(layout::kGdt, gdt.data(), sizeof gdt);
    state.gdtr = {layout::kGdt, static_cast<std::uint16_t>(sizeof gdt - 1)};
}

void load_segments(cpu::VcpuState& state, const x86::Segment& code, const x86::Segment& data) {
    state.segments.fill(data);
    state.segments[x86::CS] = code;
    // A processor always has a task register: here a busy TSS that no selector leads to.
    state.tr.limit = 0x67;
    state.tr.attributes = 0x8b;
}

// Six pages: PML4, PDPT, and four page directories of 2 MiB pages.
void write_identity_map(memory::GuestRam& ram) {
    constexpr std::uint64_t kPresentWrite = 3, kLargePage = 0x80;
    const std::uint64_t pml4 = (layout::kPageTables + kPageSize) | kPresentWrite;
    ram.write(layout::kPageTables, &pml4, sizeof pml4);
    for (std::uint64_t gib = 0; gib < 4; ++gib) {
        const Gpa directory = layout::kPageTables + (2 + gib) * kPageSize;
        const std::uint64_t entry = directory | kPresentWrite;
        ram.write(layout::kPageTables + kPageSize + 8 * gib, &entry, sizeof entry);
        std::array<std::uint64_t, 512> pages;
        for (std::uint64_t i = 0; i < 512; ++i) pages[i] = (gib << 30 | i << 21) | kPresentWrite | kLargePage;
        ram.write(directory, pages.data(), sizeof pages);
    }
}

}  // namespace

cpu::VcpuState long_mode_entry(memory::GuestRam& ram, std::uint64_t rip) {
    cpu::VcpuState state = cpu::initial_state();
    write_identity_map(ram);
    load_gdt(ram, state, std::array<std::uint64_t, 4>{0, 0, kCode64, kData});
    load_segments(state, flat_segment(0x10, kCode64), flat_segment(0x18, kData));
    state.cr0 = x86::cr0::PE | x86::cr0::ET | x86::cr0::PG;
    state.cr3 = layout::kPageTables;
    state.cr4 = x86::cr4::PAE;
    state.efer = x86::efer::LME | x86::efer::LMA;
    state.rip = rip;
    return state;
}

cpu::VcpuState flat_32_bit_entry(memory::GuestRam& ram, std::uint32_t eip) {
    cpu::VcpuState state = cpu::initial_state();
    load_gdt(ram, state, std::array<std::uint64_t, 4>{0, 0, kCode32, kData});
    load_segments(state, flat_segment(0x10, kCode32), flat_segment(0x18, kData));
    state.cr0 = x86::cr0::PE | x86::cr0::ET;
    state.rip = eip;
    return state;
}

}  // namespace hospes::machine
