#include "vmm/session.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/log.h"

namespace hospes::vmm {

// In the order of their making: what is watched by the loop goes before the loop.
struct Session::Life {
    bus::MachineLock lock;
    std::unique_ptr<EventLoop> loop;
    machine::Ending* ending = nullptr;
    std::unique_ptr<TerminalInput> typed;
    int serial_input = STDIN_FILENO;
    std::unique_ptr<machine::Machine> machine;
};

Result<std::unique_ptr<Session>> Session::create(const Options& options) {
    std::unique_ptr<Session> session(new Session(options, HOSPES_TRY(StopSignals::block())));
    for (const DiskOption& disk : options.disks) {
        session->disks_.push_back(HOSPES_TRY(block::RawDisk::open(disk.path, disk.read_only)));
    }
    if (!options.gdb.empty()) session->gdb_ = HOSPES_TRY(GdbServer::open(options.gdb));
    session->provisions_.emplace(HOSPES_TRY(machine::Provisions::open(options.machine)));
    return session;
}

Holdings Session::holdings() const {
    Holdings held{provisions_->descriptors()};
    held.descriptors.push_back(signals_.descriptor());
    if (gdb_) held.descriptors.push_back(gdb_->descriptor());
    for (const auto& disk : disks_) {
        held.descriptors.push_back(disk->descriptor());
        held.largest_disk = std::max(held.largest_disk, disk->size());
    }
    return held;
}

Result<Outcome> Session::run() {
    confine(options_, holdings());
    tsc_.emplace();
    if (gdb_) {
        const char* engine = machine::name_of(options_.machine.engine_kind);
        log_line("gdb: the VM waits for a debugger, on the engine %s; in gdb: %s", engine, gdb_->advice().c_str());
    }
    for (bool first = true;; first = false) {
        Outcome outcome = HOSPES_TRY(run_once(first));
        if (!outcome.restart) return outcome;
    }
}

// The serial port's input: the terminal by way of its escape key, nothing if the terminal is not ours, else as it is.
Result<void> Session::connect_input(Life& life) {
    if (!terminal_.is_terminal()) return {};
    life.serial_input = -1;
    if (!terminal_.active()) return {};
    const auto escaped = [&life] { life.ending->request(machine::EndKind::TerminalEscape, 0); };
    life.typed = HOSPES_TRY(TerminalInput::create(*life.loop, STDIN_FILENO, escaped));
    life.serial_input = life.typed->descriptor();
    return {};
}

// From here on a signal ends the process at once, though the last of the guest's output may still have to wait for
// its reader.
void Session::give_back() {
    terminal_.restore();
    signals_.release();
}

// A debugger is waited for before the first machine's first instruction, not after a reset.
Result<Outcome> Session::run_once(bool first) {
    Life life;
    life.loop = HOSPES_TRY(EventLoop::create(life.lock));
    HOSPES_TRY(connect_input(life));
    machine::HostSide host{*life.loop, life.lock, *tsc_, life.serial_input, STDOUT_FILENO, {}, options_.ports};
    for (const auto& disk : disks_) host.disks.push_back(disk.get());
    machine::MachineSetup setup = options_.machine;
    setup.held = gdb_ && first;
    life.machine = HOSPES_TRY(machine::Machine::create(setup, *provisions_, host));
    if (gdb_) HOSPES_TRY(gdb_->serve(*life.loop, *life.machine));
    machine::Ending& ending = life.machine->ending();
    life.ending = &ending;
    HOSPES_TRY(signals_.watch(*life.loop, [&](int number) {
        if (!ending.requested()) return ending.request(machine::EndKind::Signal, number);
        terminal_.restore();  // the second one: the vCPU does not come back
        die_of(number);
    }));

    std::thread io([&life] {
        ::pthread_setname_np(::pthread_self(), "io");
        life.loop->run();
    });
    Result<cpu::Exit> exit = life.machine->run();
    life.loop->stop();
    io.join();
    if (gdb_) gdb_->suspend();

    Outcome outcome = outcome_of(HOSPES_TRY(std::move(exit)), ending, options_.reboot);
    if (outcome.restart) return outcome;
    if (gdb_) gdb_->end(outcome.status);
    const std::string counters = options_.counters ? life.machine->counters() : "";
    give_back();
    life.machine.reset();  // writes the rest of the serial port's output
    if (provisions_->translator) HOSPES_TRY(translator::save_translations(*provisions_->translator));
    if (!counters.empty() && ::write(STDERR_FILENO, counters.data(), counters.size()) < 0) return outcome;
    return outcome;
}

}  // namespace hospes::vmm
