#include "engine/subjects.h"

#include <cstdio>
#include <cstdlib>

#include "native/native_executor.h"

#ifdef ORACLE_HAS_ENGINE
#include "engine/breakages.h"
#include "engine/engine_executor.h"
#include "engine/translator/engine.h"
#include "engine/translator/optimisations.h"
#endif

namespace hospes::oracle {

namespace {

#ifdef ORACLE_HAS_ENGINE

constexpr std::size_t kCodeCacheBytes = 32u << 20;

struct Way {
    const char* name;
    unsigned block_limit;
    bool link;
};
constexpr Way kWays[] = {{"single", 1, false}, {"normal", 48, false}, {"linked", 48, true}};

bool is_wanted(const Options& options, const char* name) {
    if (options.subjects.empty()) return true;
    for (const std::string& subject : options.subjects) {
        if (subject == name) return true;
    }
    return false;
}

std::uint64_t counter(const cpu::Engine& engine, const std::string& name) {
    const std::string counters = "\n" + engine.counters();
    const std::size_t at = counters.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::strtoull(counters.c_str() + at + name.size() + 2, nullptr, 10);
}

// Saved translations are written; of blocks that could be loaded, not all may have been translated instead.
Result<void> finish_translations(const Options& options, translator::Resources& resources, const cpu::Engine& engine) {
    HOSPES_TRY(translator::save_translations(resources));
    if (options.translations.empty()) return {};
    const std::uint64_t loaded = counter(engine, "loaded_blocks"), translated = counter(engine, "translated_blocks");
    std::printf("%llu blocks loaded, %llu translated\n", static_cast<unsigned long long>(loaded),
                static_cast<unsigned long long>(translated));
    if (loaded < 10 * translated) return Error("too few blocks were loaded: is the file of the same forms?");
    return {};
}

Result<std::vector<std::unique_ptr<Executor>>> create_engines(const Options& options) {
    translator::EngineOptions engine_options;
    engine_options.code_cache_bytes = kCodeCacheBytes;
    if (!options.break_emitter.empty()) {
        engine_options.breakage = find_breakage(options.break_emitter)->breakage;
    }
    for (const std::string& name : options.without) {
        const std::uint32_t bit = translator::optimisation_named(name);
        if (bit == 0) return Error("no optimisation is called '" + name + "'");
        engine_options.without |= bit;
    }
    static std::unique_ptr<x86::CpuidModel> model;  // outlives the engines
    model = std::make_unique<x86::CpuidModel>(HOSPES_TRY(x86::CpuidModel::create(options.cpu_model, {})));
    engine_options.translations = options.translations;
    engine_options.save_translations = options.save_translations;
    std::vector<std::unique_ptr<Executor>> subjects;
    for (const Way& way : kWays) {
        if (!is_wanted(options, way.name)) continue;
        engine_options.block_limit = way.block_limit;
        engine_options.link = way.link;
        std::shared_ptr<translator::Resources> resources;
        const auto create = [&](memory::GuestRam& ram,
                                const x86::CpuidModel& cpu) -> Result<std::unique_ptr<cpu::Engine>> {
            resources = HOSPES_TRY(translator::create_resources(engine_options));
            return translator::create_engine(engine_options, resources, ram, cpu);
        };
        auto subject = HOSPES_TRY(EngineExecutor::create(way.name, *model, create));
        subject->set_finish([&options, resources](const cpu::Engine& engine) {
            return finish_translations(options, *resources, engine);
        });
        subjects.push_back(std::move(subject));
    }
    if (subjects.empty()) return Error("no such engine; known are single, normal and linked");
    return subjects;
}

#else

Result<std::vector<std::unique_ptr<Executor>>> create_engines(const Options&) {
    return Error("this build has no engine; --self compares the host with itself");
}

#endif

}  // namespace

Result<std::vector<std::unique_ptr<Executor>>> create_subjects(const Options& options) {
    if (!options.self_test) return create_engines(options);
    std::vector<std::unique_ptr<Executor>> subjects;
    subjects.push_back(HOSPES_TRY(NativeExecutor::create()));
    return subjects;
}

}  // namespace hospes::oracle
