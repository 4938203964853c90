#include "machine/acpi/resources.h"

#include "machine/acpi/aml.h"

namespace hospes::machine::acpi::resource {

namespace {

enum Tag : std::uint8_t { kIrq = 0x22, kIo = 0x47, kEnd = 0x79, kDwordSpace = 0x87, kWordSpace = 0x88 };
enum SpaceType : std::uint8_t { kMemory = 0, kPorts = 1, kBuses = 2 };
constexpr std::uint8_t kDecode16 = 1;
constexpr std::uint8_t kFixedEnds = 0x0c;    // both ends fixed, a producer
constexpr std::uint8_t kEntireRange = 0x03;  // of a port window: no ISA holes
constexpr std::uint8_t kReadWrite = 0x01;    // of a memory window: not cacheable

// Address space descriptors: granularity, first, last, translation and length in words of `size`.
Bytes window(std::uint8_t tag, unsigned size, SpaceType type, std::uint8_t flags, std::uint64_t first,
             std::uint64_t last) {
    Bytes result;
    put8(result, tag);
    put16(result, 3 + 5 * size);
    put8(result, type);
    put8(result, kFixedEnds);
    put8(result, flags);
    for (const std::uint64_t word : {std::uint64_t{0}, first, last, std::uint64_t{0}, last - first + 1}) {
        put(result, word, size);
    }
    return result;
}

}  // namespace

Bytes ports(std::uint16_t first, std::uint8_t count) {
    Bytes result{kIo, kDecode16};
    put16(result, first);
    put16(result, first);
    put8(result, 1);
    put8(result, count);
    return result;
}

Bytes isa_irq(unsigned irq) {
    Bytes result{kIrq};
    put16(result, 1u << irq);
    return result;
}

Bytes bus_window(std::uint16_t first, std::uint16_t last) { return window(kWordSpace, 2, kBuses, 0, first, last); }

Bytes port_window(std::uint16_t first, std::uint16_t last) {
    return window(kWordSpace, 2, kPorts, kEntireRange, first, last);
}

Bytes memory_window(std::uint32_t first, std::uint32_t last) {
    return window(kDwordSpace, 4, kMemory, kReadWrite, first, last);
}

Bytes template_of(std::initializer_list<Bytes> descriptors) {
    Bytes all = aml::join(descriptors);
    put8(all, kEnd);
    put8(all, 0);  // no checksum
    return aml::buffer(all);
}

}  // namespace hospes::machine::acpi::resource
