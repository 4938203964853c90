#include "engine/translator/engine.h"

#include <cpuid.h>

#include <array>
#include <string>

#include "base/log.h"
#include "engine/translator/runtime/dirty_log.h"
#include "engine/translator/runtime/host_signals.h"
#include "engine/translator/runtime/identity.h"
#include "engine/translator/runtime/resources.h"
#include "engine/translator/runtime/vcpu.h"
#include "x86/host_features.h"

namespace hospes::translator {

namespace {

// Translated code needs BMI2 (PEXT, RORX, SHLX) and XSAVE of the host.
Result<VectorComponents> look_at_host(std::uint64_t model_xcr0) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const bool leaf7 = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0;
    if (!leaf7 || (ebx & bit_BMI2) == 0) {
        return Error("the host's CPU lacks BMI2, which the translator's code uses; use a host from 2015 or later");
    }
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    if ((ecx & bit_OSXSAVE) == 0) return Error("the host's kernel does not enable XSAVE; enable it");
    std::uint32_t low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    const std::uint64_t wanted = x86::xcr0::X87 | x86::xcr0::SSE | x86::xcr0::AVX | model_xcr0;
    return VectorComponents{x86::host_executes(x86::Feature::XSAVEOPT), low & static_cast<std::uint32_t>(wanted)};
}

Result<void> use_translations(const EngineOptions& options, const x86::CpuidModel& model, Resources& resources,
                              TranslateOptions& translate) {
    if (resources.translations == nullptr && resources.recorder == nullptr) return {};
    const std::string identity = identity_of(options, model);
    if (resources.translations != nullptr && (identity.empty() || resources.translations->identity() != identity)) {
        log_line("%s is of another build, CPU or option: all is translated anew", options.translations.c_str());
        resources.translations.reset();
    }
    if (resources.recorder != nullptr) {
        if (identity.empty()) return Error("cannot save translations: this program was linked without a build id");
        resources.recorder->set_identity(identity);
    }
    translate.saved = resources.translations.get();
    translate.recorder = resources.recorder.get();
    return {};
}

class TranslatorEngine final : public cpu::Engine {
  public:
    TranslatorEngine(std::shared_ptr<Resources> resources, memory::GuestRam& ram, const x86::CpuidModel& model,
                     const EngineOptions& options, const TranslateOptions& translate, VectorComponents vectors,
                     PageStates pages, memory::PageBits unwritten)
        : resources_(std::move(resources)),
          shared_{ram,
                  model,
                  *resources_,
                  translate,
                  vectors,
                  Tracer(options.trace, resources_->perf_map.get()),
                  std::move(pages),
                  std::move(unwritten)} {}

    cpu::Capabilities capabilities() const override { return {"translator", false, kMaxVcpus}; }

    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned index) override {
        const std::size_t most = resources_->code.size();
        if (index >= most) return Error("the translator was made for " + std::to_string(most) + " CPUs; ask for fewer");
        return std::unique_ptr<cpu::Vcpu>(HOSPES_TRY(TranslatorVcpu::create(shared_, index)));
    }

    void memory_written(Gpa gpa, std::uint64_t length) override;
    Result<std::unique_ptr<cpu::DirtyLog>> log_writes(Gpa gpa, std::uint64_t length) override {
        return DirtyLog::create(shared_, logged_, gpa, length);
    }
    std::string counters() const override;

  private:
    std::shared_ptr<Resources> resources_;  // outlives the cache
    Shared shared_;
    LoggedPages logged_;
};

// A vCPU that has code there said so before it read the bytes: it read the new ones, or is told. Who copies the page
// once it is in a dirty log has the new ones, too.
void TranslatorEngine::memory_written(Gpa gpa, std::uint64_t length) {
    if (length == 0 || shared_.ram.host(gpa, length) == nullptr) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t last = shared_.ram.page_index(gpa + length - 1);
    for (std::uint64_t page = shared_.ram.page_index(gpa); page <= last; ++page) {
        shared_.unwritten.clear(page);
        for (VcpuSet left = shared_.pages.code(page); left != 0; left &= left - 1) {
            TranslatorVcpu* const vcpu = shared_.vcpus[static_cast<unsigned>(__builtin_ctzll(left))].load();
            if (vcpu != nullptr) vcpu->note_written(page);
        }
    }
}

std::string TranslatorEngine::counters() const {
    static constexpr std::array kExits = {"exit_link",   "exit_indirect", "exit_system",
                                          "exit_resume", "exit_slow",     "exit_host_fault"};
    CodeCacheCounters cache;
    VcpuCounters vcpus;
    std::uint64_t code_bytes = 0;
    for (const auto& vcpu : shared_.vcpus) {
        const TranslatorVcpu* const one = vcpu.load();
        if (one == nullptr) continue;
        cpu::add_counters(cache, one->cache().counters());
        cpu::add_counters(vcpus, one->counters());
        for (unsigned i = 0; i < kExits.size(); ++i) vcpus.exits[i] += one->counters().exits[i];
        code_bytes += one->cache().code_bytes();
    }
    std::string text = cpu::counter_lines(cache) + cpu::counter_line("code_bytes", code_bytes);
    for (unsigned i = 0; i < kExits.size(); ++i) text += cpu::counter_line(kExits[i], vcpus.exits[i]);
    return text + cpu::counter_lines(vcpus);
}

}  // namespace

Result<std::unique_ptr<cpu::Engine>> create_engine(const EngineOptions& options, std::shared_ptr<Resources> resources,
                                                   memory::GuestRam& ram, const x86::CpuidModel& model) {
    const VectorComponents vectors = HOSPES_TRY(look_at_host(model.supported_xcr0()));
    HOSPES_TRY(install_signal_handlers());
    TranslateOptions translate;
    translate.block_limit = options.block_limit;
    translate.link = options.link;
    translate.without = options.without;
    translate.emit.stack_window = !(options.without & kStackWindow);
    translate.emit.breakage = options.breakage;
    HOSPES_TRY(use_translations(options, model, *resources, translate));
    auto pages = HOSPES_TRY(PageStates::create(ram.page_count()));
    auto unwritten = HOSPES_TRY(memory::PageBits::create(ram.page_count()));
    return std::unique_ptr<cpu::Engine>(new TranslatorEngine(std::move(resources), ram, model, options, translate,
                                                             vectors, std::move(pages), std::move(unwritten)));
}

}  // namespace hospes::translator
