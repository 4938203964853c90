// A hostile driver: random descriptors, indices and operations on one split virtqueue.
//
// Promises: every segment lies in RAM, no chain is longer than a queue, what the observer hears is RAM.
#include "fuzz_input.h"
#include "virtio/queue/split_queue.h"

namespace {

using namespace hospes;
using namespace hospes::virtio;
using fuzz::FuzzInput;
using fuzz::require;

constexpr std::uint64_t kRamSize = 1 << 20;
constexpr Gpa kDescriptors = 0x1000, kAvailable = 0x3000, kUsed = 0x4000, kTable = 0x8000;

memory::GuestRam& ram() {
    static const auto instance = memory::GuestRam::create(kRamSize).take();
    return *instance;
}

struct CheckingObserver final : memory::DmaObserver {
    void memory_written(Gpa gpa, std::uint64_t length) override { require(ram().host(gpa, length) != nullptr); }
};

// Mostly inside RAM, so that chains get somewhere; sometimes anything.
Gpa take_address(FuzzInput& input) {
    const auto raw = input.take<std::uint64_t>();
    return (raw >> 60) == 0xf ? raw : raw % (kRamSize + 0x100);
}

void write_descriptor(FuzzInput& input, unsigned queue_size) {
    const auto where = input.take<std::uint8_t>();
    Descriptor descriptor{};
    descriptor.address = (where & 0x40) != 0 ? kTable : take_address(input);
    descriptor.length =
        input.take<std::uint8_t>() < 16 ? input.take<std::uint32_t>() : input.take<std::uint16_t>() & 0xfff0u;
    descriptor.flags = input.take<std::uint8_t>();
    descriptor.next = static_cast<std::uint16_t>(input.take<std::uint16_t>() % (queue_size + 1));
    const Gpa base = (where & 0x80) != 0 ? kTable : kDescriptors;
    ram().write(base + 16 * ((where & 0x3f) % queue_size), &descriptor, sizeof descriptor);
}

void check(const Chain& chain) {
    require(chain.readable().size() + chain.writable().size() <= kMaxQueueSize);
    const std::byte* start = ram().host(0, 1);
    for (const auto segments : {chain.readable(), chain.writable()}) {
        for (const iovec& segment : segments) {
            const auto* base = static_cast<const std::byte*>(segment.iov_base);
            require(base >= start && segment.iov_len <= kRamSize);
            require(static_cast<std::uint64_t>(base - start) <= kRamSize - segment.iov_len);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    CheckingObserver observer;
    SplitQueue queue(ram(), observer);
    std::memset(ram().host(0, 0xa000), 0, 0xa000);
    const auto log = input.take<std::uint8_t>();
    const auto queue_size = static_cast<std::uint16_t>(1u << (log % 9));
    require(queue.start({queue_size, kDescriptors, kAvailable, kUsed}, (log & 0x80) != 0));
    Chain chain;
    while (!input.empty()) {
        std::uint16_t value = 0;
        switch (input.take<std::uint8_t>() % 8) {
            case 0:
            case 1: write_descriptor(input, queue_size); break;
            case 2:
                value = input.take<std::uint8_t>();
                ram().write(kAvailable + 4 + 2 * (value % queue_size), &value, 2);
                break;
            case 3:
                ram().read(kAvailable + 2, &value, 2);
                value = static_cast<std::uint16_t>(value + input.take<std::uint8_t>() % 4);
                ram().write(kAvailable + 2, &value, 2);
                break;
            case 4:
            case 5:
                if (queue.pop(chain) != SplitQueue::Pop::Chain) break;
                check(chain);
                queue.push(chain, input.take<std::uint32_t>());
                break;
            case 6: queue.publish(); break;
            case 7: queue.enable_notifications(); break;
        }
    }
    return 0;
}
