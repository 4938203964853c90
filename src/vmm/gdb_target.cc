#include "vmm/gdb_target.h"

#include <algorithm>

#include "base/log.h"

namespace hospes::vmm {

namespace {

// Calls `visit` with each piece of [address, address + size) that lies in one page, until one fails. Gives the bytes
// before that.
template <typename Visit>
std::size_t by_page(Gva address, std::size_t size, Visit visit) {
    std::size_t done = 0;
    while (done != size) {
        const auto piece = std::min<std::size_t>(size - done, kPageSize - ((address + done) & kPageMask));
        if (!visit(address + done, done, piece)) break;
        done += piece;
    }
    return done;
}

}  // namespace

unsigned GdbTarget::cpus() const { return static_cast<unsigned>(machine_->board().processors()); }

cpu::VcpuState GdbTarget::state(unsigned cpu) { return machine_->board().processor(cpu).state(); }

Result<void> GdbTarget::set_state(unsigned cpu, const cpu::VcpuState& state) {
    return machine_->vcpu(cpu).set_state(state);
}

std::size_t GdbTarget::read(unsigned cpu, Gva address, std::uint8_t* to, std::size_t size) {
    return by_page(address, size, [&](Gva at, std::size_t offset, std::size_t piece) {
        const auto gpa = machine_->vcpu(cpu).physical(at);
        return gpa && machine_->ram().read(*gpa, to + offset, piece);
    });
}

std::size_t GdbTarget::write(unsigned cpu, Gva address, const std::uint8_t* from, std::size_t size) {
    return by_page(address, size, [&](Gva at, std::size_t offset, std::size_t piece) {
        const auto gpa = machine_->vcpu(cpu).physical(at);
        if (!gpa || !machine_->ram().write(*gpa, from + offset, piece)) return false;
        machine_->engine().memory_written(*gpa, piece);
        return true;
    });
}

// All vCPUs are alike. What is asked of the first one here, it forgets in resume().
bool GdbTarget::can_stop_at(const gdb::Breakpoints& breakpoints) {
    return machine_->vcpu(0).debug({breakpoints.code, breakpoints.data, false}).ok();
}

void GdbTarget::resume(const std::vector<gdb::Move>& moves, const gdb::Breakpoints& breakpoints) {
    std::vector<bool> go;
    for (unsigned cpu = 0; cpu < cpus(); ++cpu) {
        const auto asked =
            machine_->vcpu(cpu).debug({breakpoints.code, breakpoints.data, moves[cpu] == gdb::Move::Step});
        if (!asked.ok()) log_line("gdb: %s", asked.error().message().c_str());
        go.push_back(moves[cpu] != gdb::Move::Stay);
    }
    machine_->board().halting().resume(go);
}

void GdbTarget::interrupt() { machine_->board().halting().stop_all(); }

void GdbTarget::detach() {
    for (unsigned cpu = 0; cpu < cpus(); ++cpu) {
        const auto asked = machine_->vcpu(cpu).debug({});
        if (!asked.ok()) log_line("gdb: %s", asked.error().message().c_str());
    }
    machine_->board().halting().resume(std::vector<bool>(cpus(), true));
}

void GdbTarget::end() { machine_->ending().request(machine::EndKind::Debugger, 0); }

}  // namespace hospes::vmm
