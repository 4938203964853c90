#include "engine/translator/engine.h"

#include <cpuid.h>

#include <cstdarg>
#include <cstdio>

#include "engine/translator/runtime/host_signals.h"
#include "engine/translator/runtime/resources.h"
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

namespace {

// Translated code needs BMI2 (PEXT, RORX, SHLX) and XSAVE of the host.
Result<VectorComponents> look_at_host() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const bool leaf7 = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0;
    if (!leaf7 || (ebx & bit_BMI2) == 0) {
        return Error("the host's CPU lacks BMI2, which the translator's code uses; use a host from 2015 or later");
    }
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    if ((ecx & bit_OSXSAVE) == 0) return Error("the host's kernel does not enable XSAVE; enable it");
    std::uint32_t low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return VectorComponents{low & static_cast<std::uint32_t>(x86::xcr0::X87 | x86::xcr0::SSE | x86::xcr0::AVX)};
}

class TranslatorEngine final : public cpu::Engine {
  public:
    TranslatorEngine(std::shared_ptr<Resources> resources, Shared shared)
        : resources_(std::move(resources)), shared_(std::move(shared)) {}

    cpu::Capabilities capabilities() const override { return {"translator", false, 1}; }

    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned index) override {
        if (index >= capabilities().max_vcpus) return Error("the translator has one CPU for now; more come later");
        auto vcpu = HOSPES_TRY(TranslatorVcpu::create(shared_, index));
        vcpu_ = vcpu.get();
        return std::unique_ptr<cpu::Vcpu>(std::move(vcpu));
    }

    void memory_written(Gpa gpa, std::uint64_t length) override {
        if (vcpu_ == nullptr || length == 0 || shared_.ram.host(gpa, length) == nullptr) return;
        vcpu_->note_written(shared_.ram.page_index(gpa), shared_.ram.page_index(gpa + length - 1));
    }

    std::string counters() const override;

  private:
    std::shared_ptr<Resources> resources_;  // outlives the cache
    Shared shared_;
    TranslatorVcpu* vcpu_ = nullptr;
};

class Lines {
  public:
    void add(const char* name, std::uint64_t value) {
        char line[96];
        std::snprintf(line, sizeof line, "%s %llu\n", name, static_cast<unsigned long long>(value));
        text_ += line;
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string TranslatorEngine::counters() const {
    Lines lines;
    const CodeCacheCounters& cache = shared_.cache->counters();
    lines.add("translated_blocks", cache.translated_blocks);
    lines.add("translated_instructions", cache.translated_instructions);
    lines.add("translation_nanoseconds", cache.translation_nanoseconds);
    lines.add("invalidated_blocks", cache.invalidated_blocks);
    lines.add("cache_flushes", cache.flushes);
    lines.add("links", cache.links);
    lines.add("code_bytes", shared_.cache->code_bytes());
    if (vcpu_ == nullptr) return lines.take();
    const VcpuCounters& vcpu = vcpu_->counters();
    static constexpr const char* kExits[] = {"exit_link",   "exit_indirect", "exit_system",
                                             "exit_resume", "exit_slow",     "exit_host_fault"};
    for (unsigned i = 0; i < 6; ++i) lines.add(kExits[i], vcpu.exits[i]);
    lines.add("system_hot", vcpu.system_hot);
    lines.add("system_cold", vcpu.system_cold);
    lines.add("vector_saves", vcpu.vector_saves);
    lines.add("tlb_misses", vcpu.tlb_misses);
    lines.add("writes_to_code", vcpu.writes_to_code);
    lines.add("bounces", vcpu.bounces);
    lines.add("shared_failures", vcpu.shared_failures);
    lines.add("faults", vcpu.faults);
    lines.add("interrupts", vcpu.interrupts);
    lines.add("full_flushes", vcpu.full_flushes);
    lines.add("flushes", vcpu.flushes);
    lines.add("page_flushes", vcpu.page_flushes);
    lines.add("space_changes", vcpu.space_changes);
    return lines.take();
}

}  // namespace

Result<std::unique_ptr<cpu::Engine>> create_engine(const EngineOptions& options, std::shared_ptr<Resources> resources,
                                                   memory::GuestRam& ram, const x86::CpuidModel& model) {
    const VectorComponents vectors = HOSPES_TRY(look_at_host());
    HOSPES_TRY(install_signal_handlers());
    TranslateOptions translate;
    translate.block_limit = options.block_limit;
    translate.link = options.link;
    translate.emit.breakage = options.breakage;
    auto cache = HOSPES_TRY(CodeCache::create(*resources->code, ram, model, &TranslatorVcpu::slow_path, translate));
    Shared shared{ram, model, std::move(cache), vectors, Tracer(options.trace, resources->perf_map.get())};
    return std::unique_ptr<cpu::Engine>(new TranslatorEngine(std::move(resources), std::move(shared)));
}

}  // namespace hospes::translator
