#include "run/run.h"

#include "api/session/codec.h"
#include "run/session.h"
#include "run/signals.h"
#include "run/vm.h"

namespace hospes::run {

Result<Outcome> run(Plan plan) {
    if (!api::session::fits(api::session::encode(plan.start))) {
        return Error(
            "cannot pass the command to the VM: its words and its environment are longer than 1 MiB; pass them "
            "in a file or on standard input");
    }
    Signals signals = HOSPES_TRY(Signals::block());
    Vm vm = HOSPES_TRY(start_vm(plan));
    return Session(plan, std::move(vm), std::move(signals)).run();
}

}  // namespace hospes::run
