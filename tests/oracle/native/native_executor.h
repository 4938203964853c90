// Runs batches on the host CPU itself, in a child process that has nothing to lose.
#pragma once

#include <memory>

#include "base/unique_fd.h"
#include "executor.h"
#include "native/shared.h"

namespace hospes::oracle {

class NativeExecutor : public Executor {
  public:
    // Errors: no memory, the host refuses the sandbox or the layout's addresses.
    static Result<std::unique_ptr<NativeExecutor>> create();
    ~NativeExecutor() override;

    Result<void> run(const Batch& batch, Outcome* outcomes) override;
    const char* name() const override { return "native"; }

    // Whether this host can start `test` as it is: some hypervisors do not let user code begin with a stack pointer
    // that is not canonical.
    bool can_start(const Case& test) const;

    // Whether `outcome` is the hypervisor's doing: such a one may take a trap for #UD, at times, that finds a stack
    // pointer that is not canonical.
    bool is_spurious(const Outcome& outcome) const;
    // Whether `other`, of an engine, is a page fault where this program, built with AddressSanitizer, has that one's
    // shadow memory: the native side finds memory there.
    static bool faults_on_shadow(const Outcome& other);

    // run() in two halves, so that an engine works while the child does.
    Result<void> start(const Batch& batch);
    Result<void> finish(Outcome* outcomes);

  private:
    NativeExecutor() = default;
    Result<void> spawn();
    Result<void> wait_byte(int timeout_ms);
    void reap();
    Result<void> try_stack_pointers();

    NativeShared* shared_ = nullptr;
    UniqueFd shared_file_;
    UniqueFd data_file_;
    UniqueFd command_;
    int child_ = -1;
    bool starts_with_any_stack_pointer_ = true;
};

}  // namespace hospes::oracle
