#include "engine/translator/runtime/rendezvous.h"

namespace hospes::translator {

namespace {

// Others may have patched the code that this thread runs next: SDM volume 3, 9.1.3 demands a serialising instruction.
// CPUID, though virtual machines intercept it: IRET in user mode crashes the kernel under QEMU's TCG, which reads the
// frame as the supervisor. It comes when a vCPU starts or was stopped, not while it runs.
void serialize() {
    std::uint32_t eax = 0, ecx = 0, ebx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
}

}  // namespace

void Rendezvous::add(unsigned vcpu, std::atomic<std::uint32_t>& attention) {
    enter(vcpu);
    {
        const Exclusive turn(*this, vcpu);
        places_[vcpu].attention = &attention;
    }
    leave(vcpu);
}

void Rendezvous::enter(unsigned vcpu) {
    Place& place = places_[vcpu];
    for (;;) {
        place.running.set();
        if (!place.held.is_set()) break;  // from here on, whoever wants it stopped sees that it runs
        place.running.clear();
        place.held.wait_until_clear();
    }
    ++place.stops;
    serialize();
}

Exclusive::Exclusive(Rendezvous& rendezvous, unsigned vcpu)
    : rendezvous_(rendezvous), self_(only(vcpu)), nested_(rendezvous.owner_.load(std::memory_order_relaxed) == vcpu) {
    if (nested_) return;
    if (!rendezvous.turn_.try_take()) {
        rendezvous.leave(vcpu);
        rendezvous.turn_.take();
        rendezvous.enter(vcpu);  // nobody holds it: that takes the turn
    }
    rendezvous.owner_.store(vcpu, std::memory_order_relaxed);
}

Exclusive::Exclusive(Rendezvous& rendezvous) : rendezvous_(rendezvous), self_(0), nested_(false) {
    rendezvous.turn_.take();
}

Exclusive::~Exclusive() {
    if (nested_) return;
    for (VcpuSet left = rendezvous_.held_; left != 0; left &= left - 1) {
        rendezvous_.places_[static_cast<unsigned>(__builtin_ctzll(left))].held.clear();
    }
    rendezvous_.held_ = 0;
    rendezvous_.owner_.store(Rendezvous::kNobody, std::memory_order_relaxed);
    rendezvous_.turn_.clear();
}

void Exclusive::stop(VcpuSet vcpus) {
    vcpus &= ~(self_ | rendezvous_.held_);
    for (VcpuSet left = vcpus; left != 0; left &= left - 1) {
        const auto vcpu = static_cast<unsigned>(__builtin_ctzll(left));
        Rendezvous::Place& place = rendezvous_.places_[vcpu];
        if (place.attention == nullptr) continue;
        rendezvous_.held_ |= only(vcpu);
        place.held.set();
        place.attention->store(1, std::memory_order_seq_cst);
    }
    for (VcpuSet left = vcpus; left != 0; left &= left - 1) {
        rendezvous_.places_[static_cast<unsigned>(__builtin_ctzll(left))].running.wait_until_clear();
    }
}

}  // namespace hospes::translator
