// Hostile guest code: the input's bytes run as instructions, in the modes and privileges that the engine has.
//
// Promises: run() comes back soon after one notify(), never with Failed (a host fault in translated code); nothing
// beside guest RAM changes; the host's own control words and direction flag are as before.
//
// Input: two bytes of options (Setup), four that registers are made from, then code. Each fault leads to a HLT, from
// where the code goes on a byte further, so that one input takes many faults.
#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "cpu/engine.h"
#include "engine/translator/engine.h"
#include "fuzz_input.h"

namespace {

using namespace hospes;
using fuzz::FuzzInput;
using fuzz::require;

constexpr std::uint64_t kRamSize = 4 << 20;
constexpr Gpa kPml4 = 0x1000, kPdpt = 0x2000, kPd = 0x3000, kTable = 0x4000, kPd32 = 0x5000, kTable32 = 0xc000;
constexpr Gpa kGdt = 0x6000, kIdt64 = 0x7000, kIdt32 = 0x8000, kStubs = 0x9000, kTss64 = 0xa000, kTss32 = 0xb000;
constexpr Gpa kKernelStack = 0x20000, kStack = 0x30000, kCode = 0x100000, kCodeSize = 0x2000;
constexpr Gpa kOddPages = 0x180000;  // read-only, absent, the supervisor's, a device's, not executable
constexpr std::uint64_t kStubSize = 16;
constexpr unsigned kMaxStarts = 32;
constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4, kLarge = 0x80, kNoExecute = 1ull << 63;
enum Selector : std::uint16_t { kCode32R0 = 8, kCode64R0 = 0x10, kDataR0 = 0x18, kCode32R3 = 0x23, kDataR3 = 0x2b };
enum MoreSelectors : std::uint16_t { kCode64R3 = 0x33, kCode16R0 = 0x38, kTss = 0x40 };

enum Mode : unsigned { Long0, Long3, Legacy0, Legacy3, Compatible3, Unpaged0, Code16, Long0Again };

struct Setup {
    std::uint8_t first, second;
    unsigned mode() const { return first & 7; }
    bool long_mode() const { return mode() <= Long3 || mode() == Compatible3 || mode() == Long0Again; }
    bool user() const { return mode() == Long3 || mode() == Legacy3 || mode() == Compatible3; }
    bool no_idt() const { return (first & 0x08) != 0; }
    bool trap_flag() const { return (first & 0x10) != 0; }
    bool alignment() const { return (first & 0x20) != 0; }
    bool unmasked() const { return (first & 0x40) != 0; }  // x87 and SSE exceptions
    bool large_pages() const { return (first & 0x80) != 0; }
    bool single() const { return (second & 0x01) != 0; }
    bool link() const { return (second & 0x02) == 0; }
    std::uint64_t start() const { return (second & 0x04) != 0 ? kPageSize - 7 : 0; }
    bool task_switched() const { return (second & 0x08) != 0; }
    bool no_sse() const { return (second & 0x10) != 0; }
    bool supervisor_guards() const { return (second & 0x20) != 0; }  // SMEP and SMAP
    bool interrupts() const { return (second & 0x40) != 0; }
    bool keep_state() const { return (second & 0x80) != 0; }  // between two starts: mode changes stay
};

// SplitMix64.
std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

// A machine whose devices answer anything, raise interrupts and write to RAM when asked.
class Host final : public cpu::VcpuHost {
  public:
    explicit Host(memory::GuestRam& ram) : ram_(ram) {}
    void connect(cpu::Engine& engine, cpu::Vcpu& vcpu) { engine_ = &engine, vcpu_ = &vcpu; }
    void request_stop() { stop_.store(true, std::memory_order_release); }

    std::uint64_t mmio_read(Gpa gpa, unsigned size) override { return gpa * 0x9e3779b97f4a7c15 >> (64 - 8 * size); }
    void mmio_write(Gpa gpa, std::uint64_t value, unsigned) override { raise(gpa ^ value); }
    std::uint32_t port_read(std::uint16_t port, unsigned) override { return port * 0x9e3779b9u; }
    void port_write(std::uint16_t port, std::uint32_t value, unsigned) override {
        if (port & 1) return raise(value);
        const Gpa gpa = value % kRamSize;
        *ram_.host(gpa, 1) ^= std::byte{1};
        engine_->memory_written(gpa, 1 + port);
    }
    std::optional<std::uint64_t> msr_read(std::uint32_t index) override {
        return index & 1 ? std::nullopt : std::optional<std::uint64_t>(index * 0x9e3779b97f4a7c15);
    }
    bool msr_write(std::uint32_t index, std::uint64_t) override { return (index & 1) == 0; }
    std::uint8_t task_priority() override { return priority_; }
    void set_task_priority(std::uint8_t priority) override { priority_ = priority; }
    bool interrupt_pending() override { return pending_.has_value(); }
    std::optional<std::uint8_t> acknowledge_interrupt() override { return std::exchange(pending_, std::nullopt); }
    bool stop_requested() override { return stop_.load(std::memory_order_acquire); }

  private:
    void raise(std::uint64_t vector) {
        pending_ = static_cast<std::uint8_t>(vector);
        vcpu_->notify();
    }

    memory::GuestRam& ram_;
    cpu::Engine* engine_ = nullptr;
    cpu::Vcpu* vcpu_ = nullptr;
    std::optional<std::uint8_t> pending_;
    std::uint8_t priority_ = 0;
    std::atomic<bool> stop_{false};
};

// Stops a guest after some milliseconds by one notify(); a run that does not come back then is a crash.
class Watchdog {
  public:
    Watchdog() : thread_([this] { watch(); }) {}
    void start(Host& host, cpu::Vcpu& vcpu) {
        const std::lock_guard guard(mutex_);
        host_ = &host, vcpu_ = &vcpu, looks_ = 0;
    }
    void stop() {
        const std::lock_guard guard(mutex_);
        host_ = nullptr;
    }

  private:
    static constexpr unsigned kPatience = 5, kTooLong = 30000;  // looks

    void watch() {
        for (;;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const std::lock_guard guard(mutex_);
            if (host_ == nullptr) continue;
            if (++looks_ == kPatience) {
                host_->request_stop();
                vcpu_->notify();
            }
            if (looks_ == kTooLong) std::fprintf(stderr, "run() does not come back\n");
            require(looks_ != kTooLong);
        }
    }

    std::mutex mutex_;
    Host* host_ = nullptr;
    cpu::Vcpu* vcpu_ = nullptr;
    unsigned looks_ = 0;
    std::thread thread_;
};

// Guest RAM between pages that fault, and a page of the host's that nobody may change.
class Memory {
  public:
    Memory() : ram_(memory::GuestRam::create(kRamSize).take()) {
        constexpr std::size_t kGuard = 64 * 1024;
        std::byte* start = ram_->host(0, kRamSize);
        // Where something else is mapped already, there is no guard.
        for (std::byte* at : {start - kGuard, start + kRamSize}) {
            ::mmap(at, kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        }
        canary_ = static_cast<std::uint8_t*>(std::malloc(kPageSize));
        std::memset(canary_, kPattern, kPageSize);
    }
    memory::GuestRam& ram() { return *ram_; }
    void clear() { std::memset(ram_->host(0, kRamSize), 0, kRamSize); }
    bool canary_intact() const {
        for (unsigned i = 0; i < kPageSize; ++i) {
            if (canary_[i] != kPattern) return false;
        }
        return true;
    }
    template <typename T>
    void put(Gpa gpa, T value) {
        require(ram_->write(gpa, &value, sizeof value));
    }
    template <typename T>
    T get(Gpa gpa) const {
        T value{};
        ram_->read(gpa, &value, sizeof value);
        return value;
    }

  private:
    static constexpr std::uint8_t kPattern = 0xa5;
    std::unique_ptr<memory::GuestRam> ram_;
    std::uint8_t* canary_;
};

// Identity, 1 GiB of it, with what lies beyond RAM as devices; 64-bit mode has it at two more places.
void build_page_tables(Memory& memory, bool large) {
    constexpr std::uint64_t kAll = kPresent | kWritable | kUser;
    for (const std::uint64_t i : {0, 256, 511}) memory.put(kPml4 + 8 * i, kPdpt | kAll);
    memory.put(kPdpt, kPd | kAll);
    memory.put(kPdpt + 8 * 511, kPd | kAll);
    for (std::uint64_t i = 0; i < 512; ++i) memory.put(kPd + 8 * i, i << 21 | kLarge | kAll);
    for (std::uint32_t i = 0; i < 256; ++i) memory.put(kPd32 + 4 * i, std::uint32_t(i << 22 | kLarge | kAll));
    if (large) return;
    memory.put(kPd, kTable | kAll);
    memory.put(kPd32, std::uint32_t(kTable32 | kAll));
    for (std::uint64_t i = 0; i < 512; ++i) memory.put(kTable + 8 * i, i << kPageBits | kAll);
    for (std::uint32_t i = 0; i < 1024; ++i) memory.put(kTable32 + 4 * i, std::uint32_t(i << kPageBits | kAll));
    const std::uint64_t odd[] = {kOddPages | kPresent | kUser, 0, (kOddPages + 0x2000) | kPresent | kWritable,
                                 0xfee00000 | kAll, (kOddPages + 0x4000) | kAll | kNoExecute};
    for (std::uint64_t i = 0; i < 5; ++i) {
        memory.put(kTable + 8 * ((kOddPages >> kPageBits) + i), odd[i]);
        memory.put(kTable32 + 4 * ((kOddPages >> kPageBits) + i), static_cast<std::uint32_t>(odd[i]));
    }
}

void build_descriptors(Memory& memory) {
    constexpr std::uint64_t kGateToStub = kStubs | std::uint64_t{kCode64R0} << 16 | 0xecull << 40;
    const std::uint64_t gdt[] = {
        0,
        0x00cf9b000000ffff,                 // 08 code, 32-bit, ring 0
        0x00af9b000000ffff,                 // 10 code, 64-bit, ring 0
        0x00cf93000000ffff,                 // 18 data, ring 0
        0x00cffb000000ffff,                 // 20 code, 32-bit, ring 3
        0x00cff3000000ffff,                 // 28 data, ring 3
        0x00affb000000ffff,                 // 30 code, 64-bit, ring 3
        0x008f9b000000ffff,                 // 38 code, 16-bit, ring 0
        0x00008b0000000067 | kTss64 << 16,  // 40 TSS
        0,
        kGateToStub,  // 50 call gate
        0,
        0x00cf9f000000ffff,  // 60 code, conforming
        0x00cf97000000ffff,  // 68 data, expand-down
        0x0040f300100000ff,  // 70 data, 256 bytes at 0x1000
        0x00cf13000000ffff,  // 78 data, absent
        0x00008200600000ff,  // 80 LDT: the GDT once more
    };
    for (unsigned i = 0; i < sizeof gdt / sizeof *gdt; ++i) memory.put(kGdt + 8 * i, gdt[i]);
    memory.put(kTss64 + 4, kKernelStack);
    memory.put(kTss64 + 0x66, std::uint16_t{0x68});
    memory.put(kTss32 + 4, static_cast<std::uint32_t>(kKernelStack));
    memory.put(kTss32 + 8, std::uint32_t{kDataR0});
    memory.put(kTss32 + 0x66, std::uint16_t{0x68});
    for (std::uint64_t vector = 0; vector < 256; ++vector) {
        const Gpa stub = kStubs + kStubSize * vector;
        const bool for_users = vector == 3 || vector == 4 || (vector >= 32 && vector % 2 == 0);
        const std::uint64_t rights = (for_users ? 0xee : 0x8e) | (vector % 8 == 5 ? 1 : 0);  // some are trap gates
        memory.put(kIdt64 + 16 * vector, stub | std::uint64_t{kCode64R0} << 16 | rights << 40);
        memory.put(kIdt32 + 8 * vector, stub | std::uint64_t{kCode32R0} << 16 | rights << 40);
        memory.put(stub, 0x90fdeb'f4u);  // hlt; jmp back to it
    }
}

x86::Segment flat(std::uint16_t selector, std::uint16_t attributes) {
    x86::Segment segment;
    segment.selector = selector;
    segment.limit = 0xffff'ffff;
    segment.attributes = attributes;
    return segment;
}

x86::Segment code_segment(unsigned mode) {
    switch (mode) {
        case Long3: return flat(kCode64R3, 0xa0fb);
        case Legacy0:
        case Unpaged0: return flat(kCode32R0, 0xc09b);
        case Legacy3:
        case Compatible3: return flat(kCode32R3, 0xc0fb);
        case Code16: {
            x86::Segment segment = flat(kCode16R0, 0x009b);
            segment.base = kCode;
            segment.limit = 0xffff;
            return segment;
        }
        default: return flat(kCode64R0, 0xa09b);
    }
}

void set_control_registers(cpu::VcpuState& state, const Setup& setup, const x86::CpuidModel& model) {
    using namespace x86;
    const bool paged = setup.mode() != Unpaged0;
    state.cr0 = cr0::PE | cr0::MP | cr0::ET | cr0::NE | cr0::WP | cr0::AM;
    if (paged) state.cr0 |= cr0::PG;
    if (setup.task_switched()) state.cr0 |= cr0::TS;
    state.cr3 = setup.long_mode() ? kPml4 : kPd32;
    state.cr4 = cr4::DE | cr4::PSE | cr4::PGE | cr4::OSXMMEXCPT;
    if (setup.long_mode()) state.cr4 |= cr4::PAE;
    if (!setup.no_sse()) state.cr4 |= cr4::OSFXSR;
    if (model.has(Feature::FSGSBASE)) state.cr4 |= cr4::FSGSBASE;
    if (setup.supervisor_guards() && model.has(Feature::SMEP)) state.cr4 |= cr4::SMEP;
    if (setup.supervisor_guards() && model.has(Feature::SMAP)) state.cr4 |= cr4::SMAP;
    if (model.has(Feature::XSAVE)) {
        state.cr4 |= cr4::OSXSAVE;
        state.xcr0 = model.supported_xcr0();
    }
    state.efer = efer::SCE | efer::NXE;
    if (setup.long_mode()) state.efer |= efer::LME | efer::LMA;
    state.star = std::uint64_t{kCode64R0} << 32 | std::uint64_t{kCode32R3} << 48;
    state.lstar = state.cstar = state.sysenter_eip = kStubs;
    state.sysenter_cs = kCode32R0;
    state.sysenter_esp = kKernelStack;
}

// Mostly addresses near something, and small counts.
std::uint64_t register_value(std::uint64_t& random) {
    static constexpr std::uint64_t kPlaces[] = {kCode,
                                                kCode + kPageSize,
                                                kStack,
                                                kOddPages,
                                                kOddPages + 0x1000,
                                                kOddPages + 0x2000,
                                                kOddPages + 0x3000,
                                                kOddPages + 0x4000,
                                                kOddPages + 0x5000,
                                                0x200000,
                                                kRamSize,
                                                0,
                                                kPml4,
                                                kTable,
                                                kGdt,
                                                kIdt64,
                                                0x3fffffff,
                                                0x7fff'ffff'ffff,
                                                0xffff'8000'0000'0000,
                                                0xffff'8000'0010'0000,
                                                0xffff'ffff'ffff'ffff,
                                                1ull << 31,
                                                1ull << 32};
    const std::uint64_t raw = next_random(random);
    switch (raw & 7) {
        case 0: return raw >> 8;
        case 1: return (raw >> 8) & 0x3f;
        case 2: return 0x200000 + ((raw >> 8) & 0xffff8);
        default: return kPlaces[(raw >> 8) % (sizeof kPlaces / 8)] + static_cast<std::int8_t>(raw >> 32) % 32;
    }
}

cpu::VcpuState first_state(const Setup& setup, const x86::CpuidModel& model, std::uint64_t& random) {
    cpu::VcpuState state = cpu::initial_state();
    set_control_registers(state, setup, model);
    state.segments.fill(setup.user() ? flat(kDataR3, 0xc0f3) : flat(kDataR0, 0xc093));
    state.segments[x86::CS] = code_segment(setup.mode());
    state.tr = {setup.long_mode() ? kTss64 : kTss32, 0x67, kTss, 0x8b};
    state.gdtr = {kGdt, 0xff};
    const auto idt_limit = static_cast<std::uint16_t>(setup.long_mode() ? 0xfff : 0x7ff);
    state.idtr = {setup.long_mode() ? kIdt64 : kIdt32, setup.no_idt() ? std::uint16_t{0} : idt_limit};
    state.rflags = x86::rflags::kFixed1;
    if (setup.trap_flag()) state.rflags |= x86::rflags::TF;
    if (setup.alignment()) state.rflags |= x86::rflags::AC;
    if (setup.interrupts()) state.rflags |= x86::rflags::IF;
    for (auto& value : state.gpr) value = register_value(random);
    state.gpr[x86::RSP] = kStack;
    for (unsigned i = 160; i < 416; i += 8) {  // XMM0 to XMM15
        const std::uint64_t value = next_random(random);
        std::memcpy(&state.xsave[i], &value, sizeof value);
    }
    if (setup.unmasked()) {
        const std::uint16_t control = 0x340;
        std::memcpy(&state.xsave[0], &control, sizeof control);
        std::memset(&state.xsave[24], 0, 4);  // MXCSR
    }
    state.xsave[512] = 3;  // x87 and SSE
    return state;
}

// Where the code goes on after a halt: a byte after what faulted, if that was in the code.
std::uint64_t next_offset(const Memory& memory, const cpu::VcpuState& state, std::uint64_t code_base,
                          std::uint64_t& random) {
    const std::uint64_t stub = state.rip - 1 - kStubs;
    std::uint64_t rip = state.rip;
    if (stub < 256 * kStubSize && stub % kStubSize == 0) {
        const std::uint64_t vector = stub / kStubSize;
        const bool error_code = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
        const bool wide = (state.efer & x86::efer::LMA) != 0;
        const Gpa slot = state.gpr[x86::RSP] + (error_code ? (wide ? 8 : 4) : 0);
        rip = (wide ? memory.get<std::uint64_t>(slot) : memory.get<std::uint32_t>(slot)) + 1;
    }
    const std::uint64_t offset = rip + code_base - kCode;
    return offset < kCodeSize ? offset : next_random(random) % kCodeSize;
}

struct HostControls {
    std::uint16_t x87;
    std::uint32_t mxcsr;
    std::uint64_t flags;

    static HostControls now() {
        HostControls out{};
        __asm__ volatile("fnstcw %0; stmxcsr %1; pushfq; popq %2" : "=m"(out.x87), "=m"(out.mxcsr), "=r"(out.flags));
        out.mxcsr &= ~0x3fu;           // exceptions seen
        out.flags &= 0x40400 | 0x100;  // AC, DF, TF
        return out;
    }
    bool operator==(const HostControls&) const = default;
};

const x86::CpuidModel& cpu_model() {
    static const auto model = [] {
        auto wished = x86::CpuidModel::create("x86-64-v4", {});
        if (!wished.ok()) wished = x86::CpuidModel::create("x86-64-v3", {});
        return wished.ok() ? std::move(wished) : x86::CpuidModel::create("x86-64-v2", {});
    }();
    return model.value();
}

void check_exit(const cpu::Exit& exit, const Memory& memory) {
    if (exit.reason == cpu::ExitReason::Failed) std::fprintf(stderr, "%s\n", exit.report.c_str());
    require(exit.reason != cpu::ExitReason::Failed);
    require(memory.canary_intact());
}

// Runs the code from its start, and on after each halt, until the watchdog says stop.
void run_code(Memory& memory, const Setup& setup, std::uint64_t& random, Host& host, cpu::Vcpu& vcpu) {
    const cpu::VcpuState first = first_state(setup, cpu_model(), random);
    const std::uint64_t code_base = first.segments[x86::CS].base;
    cpu::VcpuState state = first;
    state.rip = kCode + setup.start() - code_base;
    for (unsigned i = 0; i < kMaxStarts && !host.stop_requested(); ++i) {
        if (!vcpu.set_state(state).ok()) return;  // the code went to real mode
        const HostControls before = HostControls::now();
        const cpu::Exit exit = vcpu.run(host);
        require(before == HostControls::now());
        check_exit(exit, memory);
        const cpu::VcpuState after = vcpu.state();
        const std::uint64_t offset = next_offset(memory, after, code_base, random);
        state = setup.keep_state() ? after : first;
        state.gpr = after.gpr;
        state.gpr[x86::RSP] = kStack;
        state.xsave = after.xsave;
        state.rip = kCode + offset - code_base;
        state.halted = false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Memory memory;
    static Watchdog& watchdog = *new Watchdog;  // its thread runs to the end of the process
    FuzzInput input(data, size);
    const Setup setup{input.take<std::uint8_t>(), input.take<std::uint8_t>()};
    std::uint64_t random = input.take<std::uint32_t>();
    memory.clear();
    build_page_tables(memory, setup.large_pages());
    build_descriptors(memory);
    for (Gpa at = kCode + setup.start(); !input.empty() && at < kCode + kCodeSize; ++at) {
        memory.put(at, input.take<std::uint8_t>());
    }
    translator::EngineOptions options;
    options.code_cache_bytes = 2 << 20;
    options.block_limit = setup.single() ? 1 : 48;
    options.link = setup.link();
    auto resources = translator::create_resources(options).take();
    auto engine = translator::create_engine(options, std::move(resources), memory.ram(), cpu_model()).take();
    auto vcpu = engine->create_vcpu(0).take();
    Host host(memory.ram());
    host.connect(*engine, *vcpu);
    watchdog.start(host, *vcpu);
    run_code(memory, setup, random, host, *vcpu);
    watchdog.stop();
    return 0;
}
