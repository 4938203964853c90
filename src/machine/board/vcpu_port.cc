#include "machine/board/vcpu_port.h"

#include <mutex>

#include "x86/msr.h"

namespace hospes::machine {

namespace {
constexpr unsigned kApicRegisterSize = 4;
}

VcpuPort::VcpuPort(const Parts& parts) : parts_(parts) { find_apic_page(); }

std::uint64_t VcpuPort::mmio_read(Gpa gpa, unsigned size) {
    const std::lock_guard guard(parts_.lock);
    if ((gpa & ~kPageMask) == apic_page_) return parts_.apic.mmio_read(static_cast<std::uint32_t>(gpa & kPageMask));
    return parts_.memory.read(gpa, size);
}

// Of the local APIC's registers only 32-bit stores are defined; narrower ones are dropped, of wider ones the low half
// counts (SDM volume 3, 11.4.1).
void VcpuPort::mmio_write(Gpa gpa, std::uint64_t value, unsigned size) {
    const std::lock_guard guard(parts_.lock);
    if ((gpa & ~kPageMask) != apic_page_) return parts_.memory.write(gpa, value, size);
    if (size < kApicRegisterSize) return;
    parts_.apic.mmio_write(static_cast<std::uint32_t>(gpa & kPageMask), static_cast<std::uint32_t>(value));
}

std::uint32_t VcpuPort::port_read(std::uint16_t port, unsigned size) {
    const std::lock_guard guard(parts_.lock);
    return static_cast<std::uint32_t>(parts_.ports.read(port, size));
}

void VcpuPort::port_write(std::uint16_t port, std::uint32_t value, unsigned size) {
    const std::lock_guard guard(parts_.lock);
    parts_.ports.write(port, value, size);
}

std::optional<std::uint64_t> VcpuPort::msr_read(std::uint32_t index) {
    const std::lock_guard guard(parts_.lock);
    return PvClock::owns(index) ? parts_.clock.msr_read(index) : parts_.apic.msr_read(index);
}

bool VcpuPort::msr_write(std::uint32_t index, std::uint64_t value) {
    const std::lock_guard guard(parts_.lock);
    if (PvClock::owns(index)) return parts_.clock.msr_write(index, value);
    const bool done = parts_.apic.msr_write(index, value);
    if (index == x86::msr::IA32_APIC_BASE) find_apic_page();
    return done;
}

std::uint8_t VcpuPort::task_priority() {
    const std::lock_guard guard(parts_.lock);
    return parts_.apic.task_priority_class();
}

void VcpuPort::set_task_priority(std::uint8_t priority) {
    const std::lock_guard guard(parts_.lock);
    parts_.apic.set_task_priority_class(priority);
}

std::optional<std::uint8_t> VcpuPort::acknowledge_interrupt() {
    const std::lock_guard guard(parts_.lock);
    return parts_.apic.acknowledge();
}

void VcpuPort::end_of_interrupt(std::uint8_t vector) {
    const std::lock_guard guard(parts_.lock);
    parts_.apic_bus.end_of_interrupt(vector);
}

}  // namespace hospes::machine
