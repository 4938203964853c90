#include "engine/guest_machine.h"

#include <cstring>

namespace hospes::oracle {

namespace {

// Guest physical memory.
constexpr std::uint64_t kRamSize = 2 << 20;
constexpr Gpa kPml4 = 0x1000;
constexpr Gpa kUserPdpt = 0x2000, kUserPd = 0x3000;
constexpr Gpa kUserTables = 0x4000;  // one each for code, data and stack
constexpr Gpa kKernelPdpt = 0x7000, kKernelPd = 0x8000, kKernelTable = 0x9000;
constexpr Gpa kGdt = 0xa000, kIdt = 0xb000, kStubs = 0xc000, kKernelStack = 0xd000;
constexpr Gpa kTss = kGdt + 0x800;
constexpr Gpa kData = 0x20000;
constexpr Gpa kCode = 0x100000;

// The kernel half: the pages from kGdt on, in order.
constexpr std::uint64_t kKernelStart = 0xffff'8000'0000'0000;
constexpr std::uint64_t kernel_address(Gpa gpa) { return kKernelStart + gpa - kGdt; }
constexpr std::uint64_t kStubSize = 16;

constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4, kNoExecute = 1ull << 63;

constexpr std::uint16_t kKernelCode = 0x10, kTssSelector = 0x40;
constexpr std::uint16_t kGdtLimit = 0x7f;  // as many entries as Linux has

// Physical neighbours of what is contiguous for the program would hide mistakes at page boundaries: both run downwards.
constexpr Gpa data_frame(unsigned page) { return kData + (kDataPageCount - 1 - page) * 2 * kPageSize; }
constexpr Gpa code_frame(unsigned page) { return kCode + kCodeSize - (page + 1) * kPageSize; }

bool pushes_error_code(std::uint32_t vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17; }

}  // namespace

template <typename T>
void GuestMachine::put(Gpa gpa, T value) {
    std::memcpy(ram_->host(gpa, sizeof value), &value, sizeof value);
}

Result<std::unique_ptr<GuestMachine>> GuestMachine::create() {
    std::unique_ptr<GuestMachine> machine(new GuestMachine);
    machine->ram_ = HOSPES_TRY(memory::GuestRam::create(kRamSize));
    machine->build_page_tables();
    machine->build_descriptor_tables();
    for (unsigned i = 0; i < kDataPageCount; ++i) {
        machine->data_pages_[i] = reinterpret_cast<std::uint8_t*>(machine->ram_->host(data_frame(i), kPageSize));
    }
    return machine;
}

void GuestMachine::build_page_tables() {
    constexpr std::uint64_t kUserTable = kPresent | kWritable | kUser;
    put(kPml4, kUserPdpt | kUserTable);
    put(kUserPdpt, kUserPd | kUserTable);
    const auto map = [&](std::uint64_t address, Gpa frame, std::uint64_t bits) {
        const std::uint64_t directory = address >> 21;  // 128, 256 and 384: code, data, stack
        const Gpa table = kUserTables + (directory / 128 - 1) * kPageSize;
        put(kUserPd + directory * 8, table | kUserTable);
        put(table + ((address >> kPageBits) & 511) * 8, frame | bits);
    };
    for (unsigned i = 0; i < kCodeSize / kPageSize; ++i) {
        map(kCodeStart + i * kPageSize, code_frame(i), kPresent | kUser);
    }
    for (unsigned i = 0; i < kDataPageCount; ++i) {
        const std::uint64_t writable = kDataPages[i].writable ? kWritable : 0;
        map(kDataPages[i].address, data_frame(i), kPresent | kUser | writable | kNoExecute);
    }
    put(kPml4 + 256 * 8, kKernelPdpt | kPresent | kWritable);
    put(kKernelPdpt, kKernelPd | kPresent | kWritable);
    put(kKernelPd, kKernelTable | kPresent | kWritable);
    for (const Gpa page : {kGdt, kIdt, kStubs, kKernelStack}) {
        const std::uint64_t bits = page == kStubs ? kPresent : kPresent | kWritable | kNoExecute;
        put(kKernelTable + ((page - kGdt) >> kPageBits) * 8, page | bits);
    }
}

void GuestMachine::build_descriptor_tables() {
    put(kGdt + 0x08, 0x00cf'9b00'0000'ffffull);
    put(kGdt + kKernelCode, 0x00af'9b00'0000'ffffull);
    put(kGdt + 0x18, 0x00cf'9300'0000'ffffull);
    put(kGdt + (kUserCode32 & ~7u), 0x00cf'fb00'0000'ffffull);
    put(kGdt + (kUserData & ~7u), 0x00cf'f300'0000'ffffull);
    put(kGdt + (kUserCode64 & ~7u), 0x00af'fb00'0000'ffffull);
    const std::uint64_t tss = kernel_address(kTss);
    put(kGdt + kTssSelector, 0x67 | (tss & 0xff'ffff) << 16 | 0x8bull << 40 | ((tss >> 24) & 0xff) << 56);
    put(kGdt + kTssSelector + 8, tss >> 32);
    put(kTss + 4, kernel_address(kKernelStack) + kPageSize);
    put(kTss + 0x66, std::uint16_t{0x68});  // no I/O bitmap

    for (unsigned vector = 0; vector < 256; ++vector) {
        const std::uint64_t stub = kernel_address(kStubs) + vector * kStubSize;
        const std::uint64_t rights = vector == 3 || vector == 4 ? 0xee : 0x8e;  // INT3 and INTO are for users
        put(kIdt + vector * 16,
            (stub & 0xffff) | std::uint64_t{kKernelCode} << 16 | rights << 40 | ((stub >> 16) & 0xffff) << 48);
        put(kIdt + vector * 16 + 8, stub >> 32);
        put(kStubs + vector * kStubSize, 0x90fdeb'f4u);  // hlt; jmp back to it
    }
}

x86::Segment GuestMachine::code_segment(std::uint16_t selector) {
    x86::Segment segment;
    segment.limit = 0xffff'ffff;
    segment.selector = selector;
    segment.attributes = selector == kUserCode64 ? 0xa0fb : 0xc0fb;
    return segment;
}

cpu::VcpuState GuestMachine::user_state(const x86::CpuidModel& model) const {
    using namespace x86;
    cpu::VcpuState state = cpu::initial_state();
    state.cr0 = cr0::PE | cr0::MP | cr0::ET | cr0::NE | cr0::WP | cr0::AM | cr0::PG;
    state.cr3 = kPml4;
    state.cr4 = cr4::DE | cr4::PAE | cr4::PGE | cr4::OSFXSR | cr4::OSXMMEXCPT;
    if (model.has(Feature::UMIP)) state.cr4 |= cr4::UMIP;
    if (model.has(Feature::FSGSBASE)) state.cr4 |= cr4::FSGSBASE;
    if (model.has(Feature::SMEP)) state.cr4 |= cr4::SMEP;
    if (model.has(Feature::SMAP)) state.cr4 |= cr4::SMAP;
    if (model.has(Feature::XSAVE)) {
        state.cr4 |= cr4::OSXSAVE;
        state.xcr0 = model.supported_xcr0();
    }
    state.efer = efer::SCE | efer::LME | efer::LMA | efer::NXE;

    Segment data;
    data.limit = 0xffff'ffff;
    data.selector = kUserData;
    data.attributes = 0xc0f3;
    state.segments = {};
    state.segments[CS] = code_segment(kUserCode64);
    state.segments[SS] = state.segments[DS] = state.segments[ES] = data;
    state.segments[FS].base = kFsBase;  // behind null selectors, as on Linux
    state.segments[GS].base = kGsBase;
    state.ldtr = {};
    state.tr = {kernel_address(kTss), 0x67, kTssSelector, 0x8b};
    state.gdtr = {kernel_address(kGdt), kGdtLimit};
    state.idtr = {kernel_address(kIdt), 0xfff};
    return state;
}

Gpa GuestMachine::code_start() { return kCode; }

void GuestMachine::load_code(const std::uint8_t* code) {
    for (unsigned i = 0; i < kCodeSize / kPageSize; ++i) {
        std::memcpy(ram_->host(code_frame(i), kPageSize), code + i * kPageSize, kPageSize);
    }
}

void GuestMachine::load_image(const std::uint8_t* image) {
    for (unsigned i = 0; i < kDataPageCount; ++i) std::memcpy(data_pages_[i], image + i * kPageSize, kPageSize);
}

bool GuestMachine::read_frame(const cpu::VcpuState& state, TrapFrame& frame) const {
    // RIP is behind the stub's HLT.
    const std::uint64_t stub = state.rip - 1 - kernel_address(kStubs);
    if (stub >= kPageSize || stub % kStubSize != 0) return false;
    frame.vector = static_cast<std::uint32_t>(stub / kStubSize);
    const std::uint64_t words = pushes_error_code(frame.vector) ? 6 : 5;
    if (state.gpr[x86::RSP] != kernel_address(kKernelStack) + kPageSize - words * 8) return false;
    std::uint64_t pushed[6] = {};
    std::memcpy(pushed + (6 - words), ram_->host(kKernelStack + kPageSize - words * 8, words * 8), words * 8);
    frame.error_code = pushed[0];
    frame.rip = pushed[1];
    frame.cs = pushed[2];
    frame.rflags = pushed[3];
    frame.rsp = pushed[4];
    frame.ss = pushed[5];
    return true;
}

}  // namespace hospes::oracle
