#include "runs.h"

#include <chrono>
#include <cstdio>
#include <map>

#include "compare/compare.h"
#include "engine/subjects.h"
#include "forms/form.h"
#include "forms/instantiate.h"
#include "session.h"

namespace hospes::oracle {

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

Result<void> run_group(const std::vector<const Form*>& forms, const Options& options, Session& session) {
    Random random(options.seed * 0x9e37 + 17);
    for (const Form* form : forms) {
        if (!options.only.empty() && form->signature.find(options.only) == std::string::npos) continue;
        const unsigned full = full_variants(*form);
        const unsigned wanted = options.variants == 0 ? full : options.variants;
        // Fewer than all: as many, spread over all of them, and over other ones for the next form.
        const unsigned first = wanted < full ? random.below(full) : 0;
        for (unsigned i = 0; i < wanted; ++i) {
            const unsigned variant = wanted < full ? (first + i * full / wanted) % full : i;
            Experiment experiment;
            if (!instantiate(*form, variant, random, session.next_address(), experiment)) continue;
            HOSPES_TRY(session.add(std::move(experiment)));
        }
    }
    return session.flush();
}

Result<bool> run_forms(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects) {
    const Catalogue catalogue = make_catalogue();
    bool green = true;
    for (const auto& [group, forms] : catalogue.by_group) {
        const GroupInfo& info = group_info(group);
        bool wanted = options.groups.empty();
        for (const std::string& name : options.groups) wanted |= name == info.name;
        if (!wanted) continue;
        const auto start = std::chrono::steady_clock::now();
        Session session(native, subjects, options.seed, kFormStride);
        session.set_on_mismatch(Printer(options.show));
        HOSPES_TRY(run_group(forms, options, session));
        const unsigned count = count_signatures(forms);
        const Totals& totals = session.totals();
        std::printf("%-15s %5u forms (floor %u), %7llu cases, %6llu of them fault, %llu mismatches, %.2f s\n", info.name,
                    count, info.floor, static_cast<unsigned long long>(totals.cases),
                    static_cast<unsigned long long>(totals.faults), static_cast<unsigned long long>(totals.mismatches),
                    seconds_since(start));
        if (options.list_forms) print_vectors(totals);
        if (count < info.floor) {
            std::printf("%s: fewer forms than its floor: the generator lost some\n", info.name);
            return false;
        }
        green = green && totals.mismatches == 0 && totals.cases != 0;
    }
    return green;
}

}  // namespace

int list_forms(const Options& options) {
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

Result<bool> run_oracle(const Options& options) {
    for (const std::string& name : options.groups) {
        if (find_group(name) == Group::None) return Error("no group '" + name + "'; --list shows them");
    }
    compat_is_native = host_runs_compat_code();
    std::unique_ptr<NativeExecutor> native = HOSPES_TRY(NativeExecutor::create());
    std::vector<std::unique_ptr<Executor>> owned = HOSPES_TRY(create_subjects(options));
    std::vector<Executor*> subjects;
    for (const auto& subject : owned) subjects.push_back(subject.get());
    const bool green = HOSPES_TRY(run_forms(options, *native, subjects));
    if (options.break_emitter.empty()) return green;
    std::printf("emitter '%s' broken on purpose: the oracle is %s\n", options.break_emitter.c_str(),
                green ? "GREEN, so it proves nothing" : "red, as it must be");
    return !green;
}

}  // namespace hospes::oracle
