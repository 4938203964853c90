#include "runs.h"

#include <cpuid.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "compare/compare.h"
#include "engine/breakages.h"
#include "engine/subjects.h"
#include "forms/form.h"
#include "forms/instantiate.h"
#include "session.h"
#include "streams/run_streams.h"
#include "x86/cpuid_model.h"

namespace hospes::oracle {

bool has_avx512 = false;

namespace {

constexpr unsigned kFormStride = 320;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// All forms of all groups, and a view of them by group.
struct Catalogue {
    std::vector<Form> forms;
    std::map<Group, std::vector<const Form*>> by_group;
};

Catalogue make_catalogue() {
    Catalogue catalogue;
    catalogue.forms = enumerate_forms(false);
    for (Form& form : enumerate_forms(true)) catalogue.forms.push_back(std::move(form));
    for (Form& form : enumerate_invalid_forms()) catalogue.forms.push_back(std::move(form));
    for (unsigned i = 0; i < kGroupCount; ++i) catalogue.by_group[static_cast<Group>(i)];  // the lost ones too
    for (const Form& form : catalogue.forms) catalogue.by_group[form.group].push_back(&form);
    return catalogue;
}

// Prints the first few mismatches and counts the rest.
class Printer {
  public:
    explicit Printer(unsigned most) : left_(most) {}

    void operator()(const Experiment& experiment, const char* subject, const std::vector<std::string>& lines) {
        if (left_ == 0) return;
        --left_;
        std::printf("[%s] %s\n", subject, describe_mismatch(experiment, lines).c_str());
    }

  private:
    unsigned left_;
};

// How many cases ended in which exception: whether the generator reaches what it is meant to.
void print_vectors(const Totals& totals) {
    std::string text;
    for (unsigned vector = 0; vector < 32; ++vector) {
        if (totals.by_vector[vector] == 0) continue;
        text += " " + std::to_string(vector) + ":" + std::to_string(totals.by_vector[vector]);
    }
    std::printf("    ended by vector%s\n", text.c_str());
}

// Gives the number of different forms that ran.
Result<unsigned> run_group(const std::vector<const Form*>& forms, const Options& options, Session& session) {
    Random random(options.seed * 0x9e37 + 17);
    std::set<std::string> ran;
    for (const Form* form : forms) {
        if (!options.only.empty() && form->signature.find(options.only) == std::string::npos) continue;
        const unsigned full = full_variants(*form);
        const unsigned wanted = options.variants == 0 ? full : std::min(options.variants, full);
        // Fewer than all: as many, spread over all of them, and over other ones for the next form.
        const unsigned first = wanted < full ? random.below(full) : 0;
        for (unsigned i = 0; i < wanted; ++i) {
            const unsigned variant = wanted < full ? (first + i * full / wanted) % full : i;
            Experiment experiment;
            if (!instantiate(*form, variant, random, session.next_address(), experiment)) continue;
            if (options.alignment) experiment.test.initial.rflags |= kAlignmentCheck;
            ran.insert(form->signature);
            HOSPES_TRY(session.add(std::move(experiment)));
        }
    }
    HOSPES_TRY(session.flush());
    return static_cast<unsigned>(ran.size());
}

// Says so if the group is of what this host or the CPU model lacks.
bool is_skipped(Group group) {
    const bool needs_avx512 = group == Group::Mask || group == Group::Avx512 || group == Group::Avx512More;
    if (!needs_avx512 || has_avx512) return false;
    std::printf("%s: SKIPPED: no AVX-512 here\n", group_info(group).name);
    return true;
}

bool host_is_amd() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(0, &eax, &ebx, &ecx, &edx) != 0 && ebx == signature_AMD_ebx;
}

// Of what alignment checks are up to the processor, the engine does as AMD's do. Says so on another host.
bool is_another_makers(Group group, const Options& options) {
    const bool up_to_processor = group >= Group::FpuEnv && group <= Group::Compat32;
    if (!options.alignment || !up_to_processor || host_is_amd()) return false;
    std::printf("%s: SKIPPED: its alignment checks are those of AMD's processors\n", group_info(group).name);
    return true;
}

bool is_wanted(const Options& options, const char* group) {
    if (options.groups.empty()) return true;
    return std::find(options.groups.begin(), options.groups.end(), group) != options.groups.end();
}

struct GroupResult {
    bool complete;  // as many forms as there must be
    std::uint64_t mismatches;
};

Result<GroupResult> run_and_print(const GroupInfo& info, const std::vector<const Form*>& forms, const Options& options,
                                  NativeExecutor& native, const std::vector<Executor*>& subjects) {
    const auto start = std::chrono::steady_clock::now();
    Session session(native, subjects, options.seed, kFormStride);
    session.set_on_mismatch(Printer(options.show));
    const unsigned count = HOSPES_TRY(run_group(forms, options, session));
    const Totals& totals = session.totals();
    std::printf("%-15s %5u forms (floor %u), %7llu cases, %6llu of them fault, %llu mismatches, %.2f s\n", info.name,
                count, info.floor, static_cast<unsigned long long>(totals.cases),
                static_cast<unsigned long long>(totals.faults), static_cast<unsigned long long>(totals.mismatches),
                seconds_since(start));
    if (totals.left_out != 0) {
        std::printf(
            "%s: SKIPPED %llu cases: a stack pointer that is not canonical, which this host runs no code with, or "
            "the sanitizer's memory\n",
            info.name, static_cast<unsigned long long>(totals.left_out));
    }
    if (options.list_forms) print_vectors(totals);
    const bool complete = count >= info.floor || !options.only.empty();
    if (!complete) std::printf("%s: fewer forms than its floor: the generator lost some\n", info.name);
    return GroupResult{complete, totals.mismatches};
}

// With an emitter broken, green unless every group is red.
Result<bool> run_forms(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects) {
    const Catalogue catalogue = make_catalogue();
    const bool breaking = !options.break_emitter.empty();
    bool all_green = true, any_green = false;
    for (const auto& [group, forms] : catalogue.by_group) {
        const GroupInfo& info = group_info(group);
        if (!is_wanted(options, info.name) || is_skipped(group) || is_another_makers(group, options)) continue;
        const GroupResult result = HOSPES_TRY(run_and_print(info, forms, options, native, subjects));
        const bool green = result.complete && result.mismatches == 0;
        all_green &= green;
        any_green |= green;
    }
    return breaking ? any_green : all_green;
}

// The host has it, too, then.
bool model_has_avx512(const std::string& name) {
    const auto model = x86::CpuidModel::create(name, {});
    return model.ok() && model.value().has(x86::Feature::AVX512F);
}

// With --break: where that breakage must show, unless groups are named.
Result<Options> complete_options(Options options) {
    for (const std::string& name : options.groups) {
        if (find_group(name) == Group::None) return Error("no group '" + name + "'; --list shows them");
    }
    if (options.break_emitter.empty()) return options;
    const BreakageInfo* info = find_breakage(options.break_emitter);
    if (info == nullptr) return Error("no emitter '" + options.break_emitter + "'; known are " + breakage_names());
    if (options.groups.empty()) options.groups.assign(info->groups.begin(), info->groups.end());
    if (options.groups.empty()) options.stream = true;
    options.show = std::min(options.show, 1u);
    return options;
}

Result<bool> run_mode(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects) {
    if (!options.replay.empty()) return replay_regressions(options, native, subjects);
    if (options.stream) return run_streams(options, native, subjects);
    return run_forms(options, native, subjects);
}

}  // namespace

int list_forms(const Options& options) {
    has_avx512 = model_has_avx512("host");
    unsigned total = 0;
    for (const auto& [group, forms] : make_catalogue().by_group) {
        const unsigned count = count_signatures(forms);
        total += count;
        std::printf("%-15s %5u forms, floor %u\n", group_info(group).name, count, group_info(group).floor);
        if (!options.list_forms) continue;
        for (const Form* form : forms) std::printf("    %s\n", form->signature.c_str());
    }
    std::printf("%-15s %5u forms\n", "all", total);
    return 0;
}

void print_table() {
    has_avx512 = model_has_avx512("host");
    unsigned all_forms = 0, all_cases = 0;
    std::printf("| group | forms | cases | known wrong |\n| --- | ---: | ---: | --- |\n");
    for (const auto& [group, forms] : make_catalogue().by_group) {
        const unsigned count = count_signatures(forms);
        unsigned cases = 0;
        for (const Form* form : forms) cases += full_variants(*form);
        std::printf("| %s | %u | %u | none |\n", group_info(group).name, count, cases);
        all_forms += count;
        all_cases += cases;
    }
    std::printf("| all | %u | %u | none |\n", all_forms, all_cases);
}

Result<bool> run_oracle(const Options& given) {
    const Options options = HOSPES_TRY(complete_options(given));
    compat_is_native = host_runs_compat_code();
    has_avx512 = model_has_avx512(options.cpu_model);
    std::unique_ptr<NativeExecutor> native = HOSPES_TRY(NativeExecutor::create());
    std::vector<std::unique_ptr<Executor>> owned = HOSPES_TRY(create_subjects(options));
    std::vector<Executor*> subjects;
    for (const auto& subject : owned) subjects.push_back(subject.get());
    const bool green = HOSPES_TRY(run_mode(options, *native, subjects));
    for (Executor* subject : subjects) HOSPES_TRY(subject->finish());
    if (options.break_emitter.empty()) return green;
    std::printf("emitter '%s' broken on purpose: the oracle is %s\n", options.break_emitter.c_str(),
                green ? "GREEN, so it proves nothing" : "red, as it must be");
    return !green;
}

}  // namespace hospes::oracle
