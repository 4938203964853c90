#include "session.h"

#include <algorithm>
#include <cstring>

#include "compare/compare.h"
#include "forms/values.h"

namespace hospes::oracle {

namespace {

constexpr std::uint64_t kLeadIn = 32;  // filler before the code, for short backward jumps

}  // namespace

Session::Session(NativeExecutor& native, std::vector<Executor*> subjects, std::uint64_t seed, unsigned stride)
    : native_(native), subjects_(std::move(subjects)), random_(seed), stride_(stride), batch_(new Batch) {
    start_batch();
}

void Session::start_batch() {
    std::memset(batch_->code, kFill, sizeof batch_->code);
    set_image_seed(random_.next());
    batch_->count = 0;
    experiments_.clear();
}

void Session::set_image_seed(std::uint64_t seed) {
    image_seed_ = seed;
    Random random(seed);
    random_image(random, batch_->image);
}

std::uint64_t Session::next_address() const { return kCodeStart + batch_->count * std::uint64_t{stride_} + kLeadIn; }

Result<void> Session::add(Experiment experiment) {
    if (!native_.can_start(experiment.test)) {
        ++totals_.left_out;
        return {};
    }
    if (experiment.prefixed) batch_->code[experiment.address - 1 - kCodeStart] = kAddressSizePrefix;
    std::copy(experiment.code.begin(), experiment.code.end(), batch_->code + (experiment.address - kCodeStart));
    batch_->cases[batch_->count++] = experiment.test;
    experiments_.push_back(std::move(experiment));
    const unsigned room = static_cast<unsigned>(kCodeSize / stride_) - 1;
    if (batch_->count == std::min(kBatchCases, room)) return flush();
    return {};
}

Result<void> Session::flush() {
    if (batch_->count == 0) return {};
    HOSPES_TRY(native_.start(*batch_));
    std::vector<std::vector<Outcome>> got;
    Result<void> ran = run_subjects(got);
    std::vector<Outcome> expected(batch_->count);
    Result<void> native_done = native_.finish(expected.data());
    if (!native_done.ok()) {
        native_done = Error(native_done.error().message() + first_not_run(expected));
    }
    for (std::size_t i = 0; i < got.size(); ++i) judge(expected, got[i], subjects_[i]->name());
    totals_.cases += batch_->count;
    for (const Outcome& outcome : expected) {
        totals_.faults += outcome.vector != 3;
        ++totals_.by_vector[outcome.vector & 31];
    }
    start_batch();
    if (!native_done.ok()) return native_done;
    return ran;
}

std::string Session::first_not_run(const std::vector<Outcome>& outcomes) const {
    for (std::uint32_t i = 0; i < batch_->count; ++i) {
        if (outcomes[i].vector == kNotRun) {
            return "\n" + describe_mismatch(experiments_[i], {"it did not get past this case"});
        }
    }
    return "";
}

Result<void> Session::run_subjects(std::vector<std::vector<Outcome>>& outcomes) {
    for (Executor* subject : subjects_) {
        std::vector<Outcome>& got = outcomes.emplace_back(batch_->count);
        for (Outcome& outcome : got) outcome.vector = kNotRun;
        Result<void> ran = subject->run(*batch_, got.data());
        if (!ran.ok()) return Error(std::string(subject->name()) + ": " + ran.error().message() + first_not_run(got));
    }
    return {};
}

void Session::judge(const std::vector<Outcome>& expected, const std::vector<Outcome>& got, const char* subject) {
    for (std::uint32_t i = 0; i < batch_->count; ++i) {
        // A side that failed to run has been an error already.
        if (expected[i].vector == kNotRun || got[i].vector == kNotRun) continue;
        const std::vector<std::string> lines = differences(experiments_[i], expected[i], got[i]);
        if (lines.empty()) continue;
        if (native_.is_spurious(expected[i]) || NativeExecutor::faults_on_shadow(got[i])) {
            ++totals_.left_out;
            continue;
        }
        ++totals_.mismatches;
        if (on_mismatch_) on_mismatch_(experiments_[i], subject, lines);
    }
}

}  // namespace hospes::oracle
