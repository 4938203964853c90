// One VM process: what stays while the machine is reset, and the machine's lives one after the other.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "block/raw_disk.h"
#include "machine/board/machine.h"
#include "machine/clock/tsc.h"
#include "vmm/confinement.h"
#include "vmm/gdb_server.h"
#include "vmm/options.h"
#include "vmm/outcome.h"
#include "vmm/stop_signals.h"
#include "vmm/terminal.h"

namespace hospes::vmm {

class Session {
  public:
    // Opens the files.
    static Result<std::unique_ptr<Session>> create(const Options& options);

    // Closes the sandbox; then runs until an end that is not answered with a restart. Errors: the machine cannot be
    // built.
    Result<Outcome> run();

  private:
    struct Life;

    Session(const Options& options, StopSignals signals) : options_(options), signals_(std::move(signals)) {}

    Holdings holdings() const;
    Result<Outcome> run_once(bool first);
    Result<void> connect_input(Life& life);
    void give_back();

    const Options& options_;
    StopSignals signals_;
    std::vector<std::unique_ptr<block::RawDisk>> disks_;
    std::unique_ptr<GdbServer> gdb_;  // or none
    std::optional<machine::Provisions> provisions_;
    std::optional<machine::HostTsc> tsc_;  // measures on a thread of its own, and so starts in the sandbox
    RawTerminal terminal_{0};
};

}  // namespace hospes::vmm
