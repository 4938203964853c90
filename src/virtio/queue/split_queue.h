// The device's side of a split virtqueue (virtio 1.2, 2.7), for a driver that may be hostile.
//
// Nothing that the guest writes makes it touch memory outside RAM, loop, or abort: a malformed ring ends in
// Pop::Broken, after which the queue does nothing until the next start(). Ring indices are read and published with
// acquire and release order, since the driver runs on other threads.
#pragma once

#include <cstdint>

#include "memory/dma_observer.h"
#include "memory/guest_ram.h"
#include "virtio/queue/chain.h"
#include "virtio/queue/layout.h"

namespace hospes::virtio {

struct QueueLayout {
    std::uint16_t size = 0;  // a power of two up to kMaxQueueSize
    Gpa descriptors = 0;
    Gpa available = 0;  // "driver area"
    Gpa used = 0;       // "device area"
};

class SplitQueue {
  public:
    enum class Pop { Chain, Empty, Broken };

    SplitQueue(memory::GuestRam& ram, memory::DmaObserver& observer) : ram_(ram), observer_(observer) {}

    // Begins with empty rings. False if a part is misaligned, not all RAM, or the size is none.
    bool start(const QueueLayout& layout, bool event_index);
    void stop() { running_ = false; }
    bool running() const { return running_; }

    // Takes the next request into `chain`.
    Pop pop(Chain& chain);
    // From now on the queue seems empty once `requests` have been taken: a driver that refills it on another vCPU could
    // keep whoever serves it for ever. kNoLimit: as it is.
    static constexpr unsigned kNoLimit = ~0u;
    void limit(unsigned requests) { left_ = requests; }
    bool limit_reached() const { return left_ == 0; }
    // Gives `chain` back: its first `written` writable bytes were written. The driver sees it after publish().
    void push(const Chain& chain, std::uint32_t written);
    // Shows the driver all that was pushed; whether it wants an interrupt for it (2.7.7).
    bool publish();
    // Asks the driver to notify of the next request (2.7.10). True if one has come meanwhile: pop again.
    bool enable_notifications();

    // Requests taken and not given back.
    unsigned in_flight() const { return in_flight_; }
    unsigned size() const { return layout_.size; }

  private:
    Pop broken();
    bool collect(std::uint16_t head, Chain& chain);
    bool collect_table(const std::byte* table, unsigned table_size, unsigned first, bool indirect, Chain& chain);
    bool collect_indirect(const Descriptor& descriptor, Chain& chain);
    bool append(const Descriptor& descriptor, Chain& chain);
    void populate(Gpa gpa, std::uint32_t length);

    std::uint16_t available_index() const;

    memory::GuestRam& ram_;
    memory::DmaObserver& observer_;
    QueueLayout layout_;
    std::byte* descriptors_ = nullptr;
    std::byte* available_ = nullptr;
    std::byte* used_ = nullptr;
    std::uint16_t next_available_ = 0;
    std::uint16_t next_used_ = 0;       // with what was pushed
    std::uint16_t published_used_ = 0;  // what the driver sees
    unsigned in_flight_ = 0;
    unsigned left_ = kNoLimit;  // that may be taken
    bool event_index_ = false;
    bool running_ = false;
};

}  // namespace hospes::virtio
