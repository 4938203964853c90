#include "engine/translator/runtime/smp_guest.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "cpu/bare_host.h"

namespace hospes::translator {

namespace {

constexpr Gpa kPml4 = 0x1000, kPdpt = 0x2000, kDirectory = 0x3000, kTables = 0x4000;
constexpr Gpa kWindowDirectory = 0x1'8000, kWindowTable = 0x1'9000;
constexpr Gpa kGdt = 0x2'0000, kIdt = 0x2'1000, kStacks = 0x4'0000;  // a page of stack each
constexpr std::uint64_t kRights = 3;                                 // present, writable
constexpr std::uint16_t kCodeSelector = 0x10, kDataSelector = 0x18;
constexpr std::chrono::seconds kLongest{100};

// A write to any port lets other threads run.
class YieldingHost final : public cpu::BareHost {
  public:
    void port_write(std::uint16_t, std::uint32_t, unsigned) override { std::this_thread::yield(); }
};

}  // namespace

bool two_cpus() {
    cpu_set_t cpus;
    return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) >= 2;
}

SmpGuest::SmpGuest(unsigned vcpus, const char* code, const char* code_end, Breakage breakage)
    : code_(code), ram_(memory::GuestRam::create(kRamSize).take()), model_([] {
          auto wished = x86::CpuidModel::create("x86-64-v3", {});
          return wished.ok() ? wished.take() : x86::CpuidModel::create("x86-64-v2", {}).take();
      }()) {
    EngineOptions options;
    options.code_cache_bytes = 32u << 20;
    options.breakage = breakage;
    engine_ = create_engine(options, create_resources(options, vcpus).take(), *ram_, model_).take();
    build_tables();
    std::memcpy(ram_->host(kCode, 1), code, static_cast<std::size_t>(code_end - code));
    for (unsigned i = 0; i < vcpus; ++i) vcpus_.push_back(engine_->create_vcpu(i).take());
}

Gpa SmpGuest::page_table_entry(Gva address) { return kTables + (address >> kPageBits) * 8; }

void SmpGuest::build_tables() {
    put(kPml4, kPdpt | kRights);
    put(kPdpt, kDirectory | kRights);
    for (Gpa at = 0; at < kRamSize; at += kPageSize) put(page_table_entry(at), at | kRights);
    for (Gpa at = 0; at < kRamSize >> 21; ++at) put(kDirectory + at * 8, (kTables + at * kPageSize) | kRights);
    put(kPdpt + 8, kWindowDirectory | kRights);
    put(kWindowDirectory, kWindowTable | kRights);
    for (unsigned i = 0; i < 2; ++i) put(kWindowTable + i * 8, kWindowFrames[i] | kRights);
    put(kGdt + kCodeSelector, 0x00af'9b00'0000'ffffull);
    put(kGdt + kDataSelector, 0x00cf'9300'0000'ffffull);
}

void SmpGuest::set_gate(unsigned vector, const char* handler) {
    const Gpa at = address_of(handler);
    put(kIdt + vector * 16,
        (at & 0xffff) | std::uint64_t{kCodeSelector} << 16 | 0x8eull << 40 | ((at >> 16) & 0xffff) << 48);
    put(kIdt + vector * 16 + 8, at >> 32);
}

cpu::VcpuState SmpGuest::start_state(unsigned vcpu, Gpa rip, std::uint64_t argument) const {
    using namespace x86;
    cpu::VcpuState state = cpu::initial_state();
    state.cr0 = cr0::PE | cr0::MP | cr0::ET | cr0::NE | cr0::WP | cr0::PG;
    state.cr3 = kPml4;
    state.cr4 = cr4::PAE | cr4::OSFXSR | cr4::OSXMMEXCPT;
    state.efer = efer::LME | efer::LMA;
    Segment data;
    data.limit = 0xffff'ffff;
    data.selector = kDataSelector;
    data.attributes = 0xc093;
    state.segments[SS] = state.segments[DS] = state.segments[ES] = data;
    state.segments[CS] = data;
    state.segments[CS].selector = kCodeSelector;
    state.segments[CS].attributes = 0xa09b;
    state.tr = {0, 0x67, 0x40, 0x8b};
    state.gdtr = {kGdt, 0x7f};
    state.idtr = {kIdt, 0xfff};
    state.rip = rip;
    state.gpr[RSP] = kStacks + (vcpu + 1) * kPageSize;
    state.gpr[RDI] = vcpu;
    state.gpr[RSI] = argument;
    return state;
}

std::string SmpGuest::run(const std::vector<unsigned>& vcpus, const char* entry, std::uint64_t argument) {
    YieldingHost host;
    std::vector<std::string> problems(vcpus.size());
    std::vector<std::thread> threads;
    std::atomic<unsigned> left{static_cast<unsigned>(vcpus.size())};
    for (unsigned i = 0; i < vcpus.size(); ++i) {
        threads.emplace_back([&, i] {
            cpu::Vcpu& vcpu = *vcpus_[vcpus[i]];
            if (!vcpu.set_state(start_state(vcpus[i], address_of(entry), argument)).ok()) problems[i] = "no state";
            const cpu::Exit exit = vcpu.run(host);
            const std::string name = "vCPU " + std::to_string(vcpus[i]);
            if (exit.reason == cpu::ExitReason::Kicked) problems[i] = name + " hangs\n";
            if (exit.reason == cpu::ExitReason::Shutdown || exit.reason == cpu::ExitReason::Failed) {
                problems[i] = name + ": " + exit.report + "\n";
                host.request_stop(true);
            }
            --left;
        });
    }
    const auto end = std::chrono::steady_clock::now() + kLongest;
    while (left != 0) {
        if (std::chrono::steady_clock::now() > end) host.request_stop(true);
        if (host.stop_requested()) {
            for (const unsigned vcpu : vcpus) vcpus_[vcpu]->notify();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::string all;
    for (unsigned i = 0; i < vcpus.size(); ++i) {
        threads[i].join();
        all += problems[i];
    }
    return all;
}

std::string SmpGuest::run_all(const char* entry, std::uint64_t argument) {
    std::vector<unsigned> all(vcpus_.size());
    for (unsigned i = 0; i < all.size(); ++i) all[i] = i;
    return run(all, entry, argument);
}

std::uint64_t SmpGuest::counter(const std::string& name) const {
    const std::string all = "\n" + engine_->counters();
    const std::size_t at = all.find("\n" + name + " ");
    return at == std::string::npos ? ~0ull : std::stoull(all.substr(at + name.size() + 2));
}

}  // namespace hospes::translator
