// Collects experiments into batches, runs each batch natively and on every engine, and judges.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "forms/experiment.h"
#include "native/native_executor.h"
#include "random.h"

namespace hospes::oracle {

struct Totals {
    std::uint64_t cases = 0;
    std::uint64_t faults = 0;
    std::uint64_t mismatches = 0;
    std::uint64_t left_out = 0;  // the host cannot run them
    std::uint64_t by_vector[32] = {};
};

class Session {
  public:
    // Called for each mismatch. `subject` is the name of the engine that differs.
    using OnMismatch = std::function<void(const Experiment&, const char* subject, const std::vector<std::string>&)>;

    // `stride`: bytes of code that each case may take.
    Session(NativeExecutor& native, std::vector<Executor*> subjects, std::uint64_t seed, unsigned stride);

    void set_on_mismatch(OnMismatch handler) { on_mismatch_ = std::move(handler); }

    // Where the code of the next experiment is to be.
    std::uint64_t next_address() const;
    // Takes the experiment, unless the host cannot start it; runs the batch when it is full. Errors: a side failed to
    // run.
    Result<void> add(Experiment experiment);
    Result<void> flush();

    const Totals& totals() const { return totals_; }

    // What the memory image of the batch being filled was made from. Setting it is for an empty batch.
    std::uint64_t image_seed() const { return image_seed_; }
    void set_image_seed(std::uint64_t seed);

  private:
    void start_batch();
    Result<void> run_subjects(std::vector<std::vector<Outcome>>& outcomes);
    // A description of the case that a side hangs or died in.
    std::string first_not_run(const std::vector<Outcome>& outcomes) const;
    void judge(const std::vector<Outcome>& expected, const std::vector<Outcome>& got, const char* subject);

    NativeExecutor& native_;
    std::vector<Executor*> subjects_;
    Random random_;
    std::uint64_t image_seed_ = 0;
    unsigned stride_;
    OnMismatch on_mismatch_;
    std::unique_ptr<Batch> batch_;
    std::vector<Experiment> experiments_;
    Totals totals_;
};

}  // namespace hospes::oracle
