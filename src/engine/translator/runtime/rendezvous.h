// Stopping vCPUs for a moment, so that one of them can change what the others hold, or do something that none of them
// may see half done.
//
// A vCPU stops at its next poll, in the dispatcher, where nothing that it was told of memory is in use; a vCPU that is
// not in run() is stopped already, and waits when it comes back. One vCPU at a time stops others. Whoever waits for
// its turn is stopped meanwhile: so two that want each other stopped come one after the other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/translator/cache/page_states.h"
#include "engine/translator/runtime/wait_word.h"

namespace hospes::translator {

class Rendezvous {
  public:
    // A new vCPU, which does not run. `attention`: what it polls when it does.
    void add(unsigned vcpu, std::atomic<std::uint32_t>& attention);
    // In the vCPU's own turn.
    void remove(unsigned vcpu) { places_[vcpu].attention = nullptr; }

    // Around all that a vCPU's thread does with what others may change. enter() waits while others want it stopped.
    void enter(unsigned vcpu);
    void leave(unsigned vcpu) { places_[vcpu].running.clear(); }
    // Stops, if others want that. The calling vCPU has entered.
    void poll(unsigned vcpu) {
        if (!places_[vcpu].held.is_set()) return;
        leave(vcpu);
        enter(vcpu);
    }
    // How often others may have changed something since the vCPU was made. Of the calling vCPU.
    [[gnu::always_inline]] std::uint64_t stops(unsigned vcpu) const { return places_[vcpu].stops; }

  private:
    friend class Exclusive;
    struct alignas(64) Place {
        WaitWord running;
        WaitWord held;  // may not run
        std::uint64_t stops = 0;
        std::atomic<std::uint32_t>* attention = nullptr;  // nullptr: no such vCPU
    };
    static constexpr unsigned kNobody = ~0u;

    std::array<Place, kMaxVcpus> places_;
    WaitWord turn_;
    VcpuSet held_ = 0;                      // by who has the turn
    std::atomic<unsigned> owner_{kNobody};  // of the turn, if a vCPU has it
};

// A turn to stop vCPUs, for the life of this object. A vCPU's may be nested, and it may be stopped before the
// constructor returns.
class Exclusive {
  public:
    Exclusive(Rendezvous& rendezvous, unsigned vcpu);
    // The turn of a thread that is in no vCPU's run().
    explicit Exclusive(Rendezvous& rendezvous);
    ~Exclusive();
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

    // Until the end of the outermost turn, `vcpus` do not run. The own one among them is left out.
    void stop(VcpuSet vcpus);

  private:
    Rendezvous& rendezvous_;
    VcpuSet self_;
    bool nested_;
};

}  // namespace hospes::translator
