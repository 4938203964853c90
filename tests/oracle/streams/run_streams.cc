#include "streams/run_streams.h"

#include <chrono>
#include <cinttypes>
#include <cstdio>

#include "compare/compare.h"
#include "streams/generate.h"
#include "streams/minimise.h"

namespace hospes::oracle {

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kStreamStride = 1000;  // no divisor of a page, so that streams cross pages everywhere

// A stream that came out wrong, until its batch is over and the executors are free.
struct Suspect {
    Stream stream;
    std::uint64_t address;
    std::uint64_t image_seed;
    std::vector<std::string> lines;  // what differed
};

class StreamRun {
  public:
    StreamRun(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects)
        : options_(options),
          native_(native),
          subjects_(subjects),
          forms_(enumerate_forms(false)),
          source_(forms_),
          random_(options.seed),
          session_(native, subjects, options.seed * 31 + 7, kStreamStride) {
        session_.set_on_mismatch([this](const Experiment& experiment, const char* subject,
                                        const std::vector<std::string>& lines) { note(experiment, subject, lines); });
    }

    Result<bool> run() {
        const auto end = Clock::now() + std::chrono::seconds(options_.seconds);
        while (Clock::now() < end) {
            Result<void> ran = one_batch();
            HOSPES_TRY(examine());
            if (!ran.ok()) return ran.take_error();
            if (!options_.break_emitter.empty() && session_.totals().mismatches != 0) break;  // red it is
        }
        const Totals& totals = session_.totals();
        std::printf("streams         %8" PRIu64 " (seed %" PRIu64 "), %" PRIu64 " of them fault, %" PRIu64
                    " mismatches\n",
                    totals.cases, options_.seed, totals.faults, totals.mismatches);
        return totals.mismatches == 0 && totals.cases != 0;
    }

  private:
    Result<void> one_batch() {
        streams_.clear();
        first_address_ = session_.next_address();
        const std::uint64_t before = session_.totals().cases;
        while (session_.totals().cases == before) {
            Experiment experiment;
            Stream stream = generate_stream(random_, source_);
            if (!link_stream(stream, {}, session_.next_address(), experiment)) continue;
            streams_.push_back(std::move(stream));
            HOSPES_TRY(session_.add(std::move(experiment)));
        }
        return {};
    }

    void note(const Experiment& experiment, const std::string& subject, const std::vector<std::string>& lines) {
        Suspect* suspect = nullptr;
        for (Suspect& known : suspects_) {  // by another engine
            if (known.address == experiment.address) suspect = &known;
        }
        if (suspect == nullptr) {
            if (shown_ + suspects_.size() >= options_.show) return;
            const std::size_t index = (experiment.address - first_address_) / kStreamStride;
            suspects_.push_back({streams_[index], experiment.address, session_.image_seed(), {}});
            suspect = &suspects_.back();
        }
        for (const std::string& line : lines) suspect->lines.push_back(subject + ": " + line);
    }

    Result<void> examine() {
        for (const Suspect& suspect : suspects_) {
            const Regression shortest =
                HOSPES_TRY(minimise(native_, subjects_, suspect.stream, suspect.address, suspect.image_seed));
            std::vector<std::string> lines = HOSPES_TRY(try_regression(native_, subjects_, shortest));
            if (lines.empty()) {
                lines = suspect.lines;
                lines.push_back("but only after the other streams of its batch, not when it runs alone");
            }
            const std::string text = describe_mismatch(shortest.experiment, lines);
            std::printf("%s\n", text.c_str());
            ++shown_;
            if (options_.save.empty()) continue;
            const std::string path =
                options_.save + "/stream-" + std::to_string(options_.seed) + "-" + std::to_string(shown_) + ".txt";
            HOSPES_TRY(save_regression(path, shortest, text));
            std::printf("saved as %s\n", path.c_str());
        }
        suspects_.clear();
        return {};
    }

    const Options& options_;
    NativeExecutor& native_;
    const std::vector<Executor*>& subjects_;
    const std::vector<Form> forms_;
    const InstructionSource source_;
    Random random_;
    Session session_;
    std::vector<Stream> streams_;  // of the batch
    std::uint64_t first_address_ = 0;
    std::vector<Suspect> suspects_;
    std::size_t shown_ = 0;
};

}  // namespace

Result<bool> run_streams(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects) {
    return StreamRun(options, native, subjects).run();
}

Result<bool> replay_regressions(const Options& options, NativeExecutor& native,
                                const std::vector<Executor*>& subjects) {
    unsigned red = 0;
    for (const std::string& path : options.replay) {
        const Regression regression = HOSPES_TRY(load_regression(path));
        const std::vector<std::string> lines = HOSPES_TRY(try_regression(native, subjects, regression));
        if (lines.empty()) continue;
        ++red;
        std::printf("%s\n%s\n", path.c_str(), describe_mismatch(regression.experiment, lines).c_str());
    }
    std::printf("%zu regression files, %u mismatches\n", options.replay.size(), red);
    return red == 0;
}

}  // namespace hospes::oracle
