#include "engine/translator/runtime/vcpu.h"

#include "engine/translator/runtime/host_signals.h"

namespace hospes::translator {

namespace {

// PEXT masks of the probe that keeps the flags: a TLB index, and the bits of a sum of address and tag that are not the
// offset in the page.
constexpr std::uint64_t kMaskIndex = static_cast<std::uint64_t>(kTlbEntries - 1) << kPageBits;
constexpr std::uint64_t kMaskPage = ~kPageMask;

}  // namespace

Result<std::unique_ptr<TranslatorVcpu>> TranslatorVcpu::create(Shared& shared, unsigned index) {
    VcpuMemory memory = HOSPES_TRY(VcpuMemory::create());
    auto cache = HOSPES_TRY(CodeCache::create(*shared.resources.code[index], shared.ram, shared.model,
                                              &TranslatorVcpu::slow_path, shared.translate));
    std::unique_ptr<TranslatorVcpu> vcpu(new TranslatorVcpu(shared, std::move(cache), std::move(memory), index));
    vcpu->tlb_ = HOSPES_TRY(SoftTlb::create(vcpu->state_, shared.ram));
    shared.rendezvous.add(index, vcpu->state_.attention);
    shared.vcpus[index].store(vcpu.get(), std::memory_order_release);
    return vcpu;
}

TranslatorVcpu::~TranslatorVcpu() {
    if (shared_.vcpus[index_].load(std::memory_order_relaxed) != this) return;
    shared_.rendezvous.enter(index_);
    {
        const Exclusive turn(shared_.rendezvous, index_);
        shared_.vcpus[index_].store(nullptr, std::memory_order_relaxed);
        shared_.rendezvous.remove(index_);
    }
    shared_.rendezvous.leave(index_);
}

Result<std::unique_ptr<SoftTlb>> SoftTlb::create(GuestState& state, const memory::GuestRam& ram) {
    auto writers = HOSPES_TRY(ReservedArray<std::uint32_t>::create(ram.page_count()));
    auto spaces = HOSPES_TRY(ReservedArray<SavedSpace>::create(SavedSpaces::kSpaces));
    return std::unique_ptr<SoftTlb>(new SoftTlb(state, ram, std::move(writers), std::move(spaces)));
}

SoftTlb::SoftTlb(GuestState& state, const memory::GuestRam& ram, ReservedArray<std::uint32_t> writers,
                 ReservedArray<SavedSpace> spaces)
    : state_(state), ram_(ram), writers_(std::move(writers)), spaces_(std::move(spaces)) {
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        state_.tlb[table].start();
        reset_jumps(table);
    }
    for (unsigned code_class = 0; code_class < 2; ++code_class) reset_code(code_class);
    flush_all();
}

TranslatorVcpu::TranslatorVcpu(Shared& shared, std::unique_ptr<CodeCache> cache, VcpuMemory memory, unsigned index)
    : shared_(shared),
      index_(index),
      own_cache_(std::move(cache)),
      cache_(*own_cache_),
      memory_(std::move(memory)),
      state_(memory_.state()),
      system_{MmuContext{state_, shared.ram, &TranslatorVcpu::before_write, this, nullptr,
                         &TranslatorVcpu::walked_for_read},
              shared.model} {
    system_.vcpu = index;
    state_.vcpu = this;
    state_.mask_index = kMaskIndex;
    state_.mask_page = kMaskPage;
}

cpu::Exit TranslatorVcpu::run(cpu::VcpuHost& host) {
    shared_.rendezvous.enter(index_);
    system_.mmu.host = &host;
    set_current_vcpu(this);
    finished_ = cpu::ExitReason::Kicked;
    stepped_ = false;
    debug_stop_ = {};
    notify();  // whatever happened outside
    dispatch();
    need_cpp();
    set_current_vcpu(nullptr);
    system_.mmu.host = nullptr;
    shared_.rendezvous.leave(index_);
    cpu::Exit exit{finished_, {}, state_.interrupt_flag != 0, state_.nmi_blocked == 0, {}};
    exit.debug = debug_stop_;
    if (finished_ == cpu::ExitReason::Failed) exit.report = failure_;
    if (finished_ == cpu::ExitReason::Shutdown) {
        exit.report = describe(system_.diagnosis != nullptr ? system_.diagnosis : "triple fault");
    }
    return exit;
}

void TranslatorVcpu::fail(const char* what) {
    need_cpp();
    failure_ = describe(what);
    finished_ = cpu::ExitReason::Failed;
}

std::string TranslatorVcpu::describe(const char* what) const {
    char text[640];
    std::snprintf(
        text, sizeof text,
        "%s at rip %#llx (cs %#x, cpl %u, rflags %#llx, cr0 %#llx, cr2 %#llx, cr3 %#llx, cr4 %#llx, efer %#llx, "
        "rax %#llx, rbx %#llx, rcx %#llx, rdx %#llx, rsp %#llx, rbp %#llx, rsi %#llx, rdi %#llx)",
        what, static_cast<unsigned long long>(state_.rip), state_.segments[x86::CS].selector, state_.cpl,
        static_cast<unsigned long long>(state_.full_rflags()), static_cast<unsigned long long>(state_.cr0),
        static_cast<unsigned long long>(state_.cr2), static_cast<unsigned long long>(state_.cr3),
        static_cast<unsigned long long>(state_.cr4), static_cast<unsigned long long>(state_.efer),
        static_cast<unsigned long long>(state_.gpr[x86::RAX]), static_cast<unsigned long long>(state_.gpr[x86::RBX]),
        static_cast<unsigned long long>(state_.gpr[x86::RCX]), static_cast<unsigned long long>(state_.gpr[x86::RDX]),
        static_cast<unsigned long long>(state_.gpr[x86::RSP]), static_cast<unsigned long long>(state_.gpr[x86::RBP]),
        static_cast<unsigned long long>(state_.gpr[x86::RSI]), static_cast<unsigned long long>(state_.gpr[x86::RDI]));
    return text;
}

}  // namespace hospes::translator
