// One VM process: what stays while the machine is reset, and the machine's lives one after the other.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "block/raw_disk.h"
#include "machine/board/machine.h"
#include "machine/clock/tsc.h"
#include "vmm/options.h"
#include "vmm/outcome.h"
#include "vmm/stop_signals.h"
#include "vmm/terminal.h"

namespace hospes::vmm {

class Session {
  public:
    // Opens the disks.
    static Result<std::unique_ptr<Session>> create(const Options& options);

    // Runs until an end that is not answered with a restart. Errors: the machine cannot be built.
    Result<Outcome> run();

  private:
    struct Life;

    Session(const Options& options, StopSignals signals) : options_(options), signals_(std::move(signals)) {}

    Result<Outcome> run_once();
    Result<void> connect_input(Life& life);
    void give_back();

    const Options& options_;
    machine::HostTsc tsc_;  // first, so that its measurement runs while all else is made
    StopSignals signals_;
    std::vector<std::unique_ptr<block::RawDisk>> disks_;
    RawTerminal terminal_{0};
};

}  // namespace hospes::vmm
