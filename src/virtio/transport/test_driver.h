// Test support: a machine with one virtio-pci device, and a driver that talks to it through its BARs.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "base/manual_time.h"
#include "bus/pci/bus.h"
#include "virtio/queue/test_ring.h"
#include "virtio/transport/pci_device.h"

namespace hospes::virtio {

class TestDriver {
  public:
    static constexpr std::uint64_t kRamSize = 8 << 20;
    static constexpr Gpa kRings = 0x10000, kRingStride = 0x10000;
    static constexpr Gpa kBar = pci::kMemoryWindowStart;
    static constexpr Gpa kIsr = kBar + 0x1000, kConfig = kBar + 0x2000, kNotify = kBar + 0x3000;
    static constexpr Gpa kMsixTable = kBar + 0x4000;

    explicit TestDriver(std::unique_ptr<Device> virtio_device) {
        auto pci_device = std::make_unique<PciDevice>(std::move(virtio_device), *ram, observer, time);
        device = pci_device.get();
        EXPECT_TRUE(bus.add(std::move(pci_device)).ok());
        bus.write_config(1, 0, pci::reg::kCommand, 2, pci::command::kMemory | pci::command::kBusMaster);
    }

    struct Wire final : bus::InterruptLine {
        void set(bool asserted) override { level = asserted; }
        bool level = false;
    };
    struct Messages final : bus::MsiTarget {
        void send(std::uint64_t, std::uint32_t data) override { sent.push_back(data); }
        std::vector<std::uint32_t> sent;
    };

    std::uint32_t read(std::uint64_t field, unsigned size) {
        return static_cast<std::uint32_t>(memory.read(kBar + field, size));
    }
    void write(std::uint64_t field, std::uint64_t value, unsigned size) { memory.write(kBar + field, value, size); }
    std::uint8_t status() { return static_cast<std::uint8_t>(read(20, 1)); }
    void set_status(std::uint8_t value) { write(20, value, 1); }
    bool needs_reset() { return (status() & device_status::kNeedsReset) != 0; }
    std::uint8_t isr() { return static_cast<std::uint8_t>(memory.read(kIsr, 1)); }
    void kick(unsigned queue) { memory.write(kNotify + 4 * queue, queue, 2); }

    std::uint64_t offered() {
        write(0, 0, 4);
        const std::uint64_t low = read(4, 4);
        write(0, 1, 4);
        return std::uint64_t{read(4, 4)} << 32 | low;
    }
    // Reset to FEATURES_OK; whether the device agreed.
    bool negotiate(std::uint64_t features) {
        set_status(0);
        set_status(3);
        for (unsigned half = 0; half < 2; ++half) {
            write(8, half, 4);
            write(12, features >> (32 * half) & 0xffffffff, 4);
        }
        set_status(3 | device_status::kFeaturesOk);
        return (status() & device_status::kFeaturesOk) != 0;
    }
    // A ring of `size` for queue `index`, enabled.
    TestRing& enable_queue(unsigned index, std::uint16_t size, std::uint16_t vector = kNoVector) {
        if (rings.size() <= index) rings.resize(index + 1);
        rings[index] = std::make_unique<TestRing>(*ram, kRings + kRingStride * index, size);
        const QueueLayout& layout = rings[index]->layout();
        write(22, index, 2);
        write(24, size, 2);
        write(26, vector, 2);
        const std::array<Gpa, 3> parts = {layout.descriptors, layout.available, layout.used};
        for (unsigned i = 0; i < 3; ++i) {
            write(32 + 8 * i, parts[i] & 0xffffffff, 4);
            write(36 + 8 * i, parts[i] >> 32, 4);
        }
        write(28, 1, 2);
        return *rings[index];
    }
    void ready() { set_status(3 | device_status::kFeaturesOk | device_status::kDriverOk); }
    // The whole of 3.1.1 with the first `queues` queues of `size`.
    void start(std::uint64_t features, unsigned queues, std::uint16_t size = 16) {
        ASSERT_TRUE(negotiate(features | feature::kVersion1));
        for (unsigned i = 0; i < queues; ++i) enable_queue(i, size);
        ready();
    }

    template <typename T>
    T get(Gpa gpa) const {
        T value{};
        EXPECT_TRUE(ram->read(gpa, &value, sizeof value));
        return value;
    }
    template <typename T>
    void put(Gpa gpa, const T& value) {
        EXPECT_TRUE(ram->write(gpa, &value, sizeof value));
    }

    std::unique_ptr<memory::GuestRam> ram = memory::GuestRam::create(kRamSize).take();
    CountingObserver observer;
    ManualTime time;
    bus::AddressSpace memory, ports;
    Messages msi;
    Wire wire;  // GSI 17: slot 1, INTA
    pci::Bus bus{{memory, ports, msi, {nullptr, &wire}}};
    PciDevice* device = nullptr;
    std::vector<std::unique_ptr<TestRing>> rings;
};

}  // namespace hospes::virtio
