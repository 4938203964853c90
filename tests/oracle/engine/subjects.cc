#include "engine/subjects.h"

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
    std::vector<std::unique_ptr<Executor>> subjects;
    for (const Way& way : kWays) {
        if (!is_wanted(options, way.name)) continue;
        engine_options.block_limit = way.block_limit;
        engine_options.link = way.link;
        const auto create = [&](memory::GuestRam& ram,
                                const x86::CpuidModel& cpu) -> Result<std::unique_ptr<cpu::Engine>> {
            auto resources = HOSPES_TRY(translator::create_resources(engine_options));
            return translator::create_engine(engine_options, std::move(resources), ram, cpu);
        };
        subjects.push_back(HOSPES_TRY(EngineExecutor::create(way.name, *model, create)));
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
