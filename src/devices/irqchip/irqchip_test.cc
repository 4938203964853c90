// Local APIC, IOAPIC and PIC together, as a guest drives them.
#include "devices/irqchip/irqchip.h"

#include <gtest/gtest.h>

#include "base/manual_time.h"
#include "devices/irqchip/lapic.h"
#include "x86/msr.h"

namespace hospes::devices {
namespace {

struct Events final : ApicEvents {
    void interrupt_changed(bool now) override { pending = now; }
    void nmi() override { ++nmis; }
    void init() override { ++inits; }
    void start_up(std::uint8_t vector) override { start_up_vector = vector; }
    bool pending = false;
    int nmis = 0, inits = 0, start_up_vector = -1;
};

// 2 GHz, and as old as the clock.
struct FakeTsc final : GuestTsc {
    explicit FakeTsc(ManualTime& clock) : time(clock) {}
    std::uint64_t read() const override { return time.now() * 2; }
    std::uint64_t khz() const override { return 2'000'000; }
    ManualTime& time;
};

struct IrqchipTest : testing::Test {
    IrqchipTest() {
        chip.connect_bootstrap(apic);
        apic.mmio_write(0xf0, 0x1ff);
    }
    void route(unsigned pin, std::uint64_t entry) {
        chip.ioapic().write(0, 0x11 + 2 * pin, 4);
        chip.ioapic().write(0x10, entry >> 32, 4);
        chip.ioapic().write(0, 0x10 + 2 * pin, 4);
        chip.ioapic().write(0x10, entry & 0xffffffff, 4);
    }
    std::uint64_t entry_low(unsigned pin) {
        chip.ioapic().write(0, 0x10 + 2 * pin, 4);
        return chip.ioapic().read(0x10, 4);
    }
    int take() {
        const auto vector = apic.acknowledge();
        return vector ? *vector : -1;
    }
    void eoi() { apic.mmio_write(0xb0, 0); }

    ManualTime time;
    FakeTsc tsc{time};
    Events events, other_events;
    Irqchip chip;
    LocalApic apic{0, chip.apic_bus(), time, tsc, events};
    LocalApic other{1, chip.apic_bus(), time, tsc, other_events};
};

TEST_F(IrqchipTest, PriorityByClassAndTaskPriority) {
    chip.apic_bus().send(0xfee00000, 0x41);
    EXPECT_TRUE(events.pending);
    chip.apic_bus().send(0xfee00000, 0x52);
    EXPECT_EQ(take(), 0x52);
    EXPECT_FALSE(events.pending);  // 0x41 waits: lower class than the one in service
    EXPECT_EQ(apic.mmio_read(0xa0), 0x50u);
    EXPECT_EQ(apic.mmio_read(0x100 + 0x20), 1u << 18);
    EXPECT_EQ(apic.mmio_read(0x200 + 0x20), 1u << 1);
    eoi();
    EXPECT_TRUE(events.pending);
    apic.set_task_priority_class(4);
    EXPECT_FALSE(events.pending);
    EXPECT_EQ(take(), -1);
    apic.mmio_write(0x80, 0x3f);
    EXPECT_EQ(take(), 0x41);
}

TEST_F(IrqchipTest, LevelInterruptWaitsForEoiAndComesAgain) {
    auto line = chip.connect_pci(17);
    route(17, 0x8000 | 0x61);
    line->set(true);
    EXPECT_EQ(take(), 0x61);
    EXPECT_TRUE(entry_low(17) & 0x4000);  // remote IRR
    EXPECT_FALSE(events.pending);
    eoi();
    EXPECT_TRUE(events.pending);
    EXPECT_EQ(take(), 0x61);
    line->set(false);
    eoi();
    EXPECT_FALSE(events.pending);
    EXPECT_FALSE(entry_low(17) & 0x4000);
}

TEST_F(IrqchipTest, SharedLevelLineIsWiredOr) {
    auto first = chip.connect_pci(20), second = chip.connect_pci(20);
    route(20, 0x8000 | 0x61);
    first->set(true);
    second->set(true);
    EXPECT_EQ(take(), 0x61);
    first->set(false);
    eoi();
    EXPECT_EQ(take(), 0x61);
    second->set(false);
    eoi();
    EXPECT_EQ(take(), -1);
}

TEST_F(IrqchipTest, ApicsElsewhereGetEveryMessageAsAnMsi) {
    struct Elsewhere final : bus::MsiTarget {
        void send(std::uint64_t to, std::uint32_t what) override { address = to, data = what; }
        std::uint64_t address = 0;
        std::uint32_t data = 0;
    } elsewhere;
    std::optional<std::uint32_t> routed;
    chip.apic_bus().forward_to(elsewhere);
    chip.ioapic().on_level_route([&](unsigned pin, const ApicMessage* message) {
        EXPECT_EQ(pin, 9u);
        routed = message != nullptr ? std::optional(msi_data(*message)) : std::nullopt;
    });
    route(9, 0x0300000000008042);  // level-triggered, to APIC 3
    EXPECT_EQ(routed, 0xc042u);
    const auto line = chip.connect_isa(9);
    line->set(true);
    EXPECT_EQ(elsewhere.address, 0xfee03000u);
    EXPECT_EQ(elsewhere.data, 0xc042u);
    EXPECT_FALSE(events.pending);
    elsewhere.data = 0;
    chip.apic_bus().end_of_interrupt(0x42);  // the line is still up
    EXPECT_EQ(elsewhere.data, 0xc042u);
    route(9, 0x10042);  // masked
    EXPECT_EQ(routed, std::nullopt);
    chip.apic_bus().send(0xfee01004, 0x51);
    EXPECT_EQ(elsewhere.address, 0xfee01004u);
    EXPECT_EQ(elsewhere.data, 0x51u);
}

TEST_F(IrqchipTest, EdgeInterruptIsLostWhileMaskedAndSentOncePerEdge) {
    auto line = chip.connect_isa(4);
    line->set(true);
    route(4, 0x44);
    EXPECT_FALSE(events.pending);
    line->set(false);
    line->set(true);
    line->set(true);
    EXPECT_EQ(take(), 0x44);
    eoi();
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, IoapicIdVersionAndEoiRegister) {
    chip.ioapic().write(0, 1, 4);
    EXPECT_EQ(chip.ioapic().read(0x10, 4), 0x00170020u);
    chip.ioapic().write(0, 0, 4);
    chip.ioapic().write(0x10, 0x0f000000, 4);
    EXPECT_EQ(chip.ioapic().read(0x10, 4), 0x0f000000u);
    auto line = chip.connect_pci(16);
    route(16, 0x8000 | 0x70);
    line->set(true);
    EXPECT_EQ(take(), 0x70);
    line->set(false);
    chip.ioapic().write(0x40, 0x70, 4);
    EXPECT_FALSE(entry_low(16) & 0x4000);
}

TEST_F(IrqchipTest, IsaTimerIsPinTwo) {
    auto line = chip.connect_isa(0);
    route(2, 0x30);
    line->pulse();
    EXPECT_EQ(take(), 0x30);
}

TEST_F(IrqchipTest, PicReachesTheProcessorThroughLint0Only) {
    auto line = chip.connect_isa(1);
    auto& master = chip.pic().master();
    master.write(0, 0x11, 1);
    for (const std::uint64_t word : {0x20, 4, 1, 0}) master.write(1, word, 1);
    line->pulse();
    EXPECT_FALSE(events.pending);  // LINT0 is masked
    apic.set_up_virtual_wire();
    EXPECT_TRUE(events.pending);
    EXPECT_EQ(take(), 0x21);
    EXPECT_FALSE(events.pending);
    master.write(0, 0x20, 1);
    line->pulse();
    apic.set_task_priority_class(15);  // ExtINT does not care
    EXPECT_EQ(take(), 0x21);
}

TEST_F(IrqchipTest, LogicalDestinations) {
    other.mmio_write(0xf0, 0x1ff);
    apic.mmio_write(0xd0, 0x01000000);
    other.mmio_write(0xd0, 0x02000000);
    chip.apic_bus().send(0xfee02004, 0x55);
    EXPECT_FALSE(events.pending);
    EXPECT_TRUE(other_events.pending);
    chip.apic_bus().send(0xfee03004, 0x56);
    EXPECT_TRUE(events.pending);
    EXPECT_EQ(*other.acknowledge(), 0x56);
    apic.mmio_write(0xe0, 0x0fffffff);  // cluster model
    apic.mmio_write(0xd0, 0x21000000);
    EXPECT_EQ(take(), 0x56);
    chip.apic_bus().send(0xfee21004, 0x77);
    EXPECT_EQ(take(), 0x77);
}

TEST_F(IrqchipTest, InterprocessorInterrupts) {
    other.mmio_write(0xf0, 0x1ff);
    apic.mmio_write(0x300, 0x40000 | 0x99);  // self
    EXPECT_EQ(take(), 0x99);
    EXPECT_FALSE(other_events.pending);
    eoi();
    apic.mmio_write(0x300, 0xc0000 | 0x98);  // all but self
    EXPECT_FALSE(events.pending);
    EXPECT_EQ(*other.acknowledge(), 0x98);
    apic.mmio_write(0x310, 0x01000000);
    apic.mmio_write(0x300, 0x500);
    EXPECT_EQ(other_events.inits, 1);
    apic.mmio_write(0x300, 0x600 | 0x9a);
    EXPECT_EQ(other_events.start_up_vector, 0x9a);
    apic.mmio_write(0x300, 0x400);
    EXPECT_EQ(other_events.nmis, 1);
    EXPECT_EQ(events.inits + events.nmis, 0);
}

TEST_F(IrqchipTest, InitResetsTheApicButItsIdAndBase) {
    other.mmio_write(0xf0, 0x1ff);
    other.mmio_write(0x80, 0x20);
    ASSERT_TRUE(other.msr_write(x86::msr::IA32_APIC_BASE, 0xfed00800));
    chip.apic_bus().send(0xfee01000, 0x61);
    EXPECT_TRUE(other_events.pending);
    chip.apic_bus().send(0xfee01000, 0x500);
    EXPECT_FALSE(other_events.pending);
    EXPECT_EQ(other.mmio_read(0xf0), 0xffu);
    EXPECT_EQ(other.mmio_read(0x80), 0u);
    EXPECT_EQ(other.mmio_read(0x20), 1u << 24);
    EXPECT_EQ(other.msr_read(x86::msr::IA32_APIC_BASE), 0xfed00800u);
}

TEST_F(IrqchipTest, LowestPriorityGoesToAnApicThatIsOn) {
    apic.set_task_priority_class(8);
    chip.apic_bus().send(0xfeeff000, 0x151);  // the other one has priority 0, but is off
    EXPECT_FALSE(other_events.pending);
    apic.set_task_priority_class(0);
    EXPECT_EQ(take(), 0x51);
    other.mmio_write(0xf0, 0x1ff);
    chip.apic_bus().send(0xfeeff000, 0x152);  // 0x51 is in service on the first
    EXPECT_EQ(*other.acknowledge(), 0x52);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, X2apicReachesByIdByClusterAndAll) {
    constexpr std::uint32_t kIcr = x86::msr::kX2apicFirst + 0x30;
    Events far_events;
    LocalApic far{0x23, chip.apic_bus(), time, tsc, far_events};
    for (LocalApic* each : {&apic, &other, &far}) {
        ASSERT_TRUE(each->msr_write(x86::msr::IA32_APIC_BASE, 0xfee00c00));
        ASSERT_TRUE(each->msr_write(x86::msr::kX2apicFirst + 0xf, 0x1ff));
    }
    EXPECT_EQ(far.msr_read(x86::msr::kX2apicFirst + 0xd), 0x20008u);  // cluster 2, member 3
    ASSERT_TRUE(apic.msr_write(kIcr, 0x23ull << 32 | 0x41));
    EXPECT_EQ(*far.acknowledge(), 0x41);
    EXPECT_FALSE(other_events.pending);
    ASSERT_TRUE(apic.msr_write(kIcr, 0x0002000full << 32 | 0x852));  // logical
    EXPECT_EQ(*far.acknowledge(), 0x52);
    EXPECT_FALSE(events.pending || other_events.pending);
    ASSERT_TRUE(apic.msr_write(kIcr, 0x00000003ull << 32 | 0x853));
    EXPECT_EQ(take(), 0x53);
    EXPECT_EQ(*other.acknowledge(), 0x53);
    ASSERT_TRUE(apic.msr_write(kIcr, 0xffffffffull << 32 | 0x64));
    EXPECT_EQ(take(), 0x64);
    EXPECT_EQ(*other.acknowledge(), 0x64);
    EXPECT_EQ(*far.acknowledge(), 0x64);
}

TEST_F(IrqchipTest, ErrorsAreLatchedByAWriteToEsr) {
    apic.mmio_write(0x370, 0xfe);
    apic.mmio_write(0x300, 0x40000 | 0x05);
    EXPECT_EQ(take(), 0xfe);
    EXPECT_EQ(apic.mmio_read(0x280), 0u);
    apic.mmio_write(0x280, 0);
    EXPECT_EQ(apic.mmio_read(0x280), 0x20u);
    apic.mmio_write(0x280, 0);
    EXPECT_EQ(apic.mmio_read(0x280), 0u);
}

TEST_F(IrqchipTest, OneShotTimerCountsDownThroughItsDivider) {
    apic.mmio_write(0x3e0, 0x3);  // by 16
    apic.mmio_write(0x320, 0x31);
    apic.mmio_write(0x380, 1000);
    time.advance(8000);
    EXPECT_EQ(apic.mmio_read(0x390), 500u);
    EXPECT_FALSE(events.pending);
    time.advance(8000);
    EXPECT_EQ(take(), 0x31);
    EXPECT_EQ(apic.mmio_read(0x390), 0u);
    eoi();
    time.advance(kSecond);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, PeriodicTimerKeepsItsPeriod) {
    apic.mmio_write(0x3e0, 0xb);  // by 1
    apic.mmio_write(0x320, 0x20031);
    apic.mmio_write(0x380, 1'000'000);
    for (int tick = 0; tick < 5; ++tick) {
        time.advance(1'000'000);
        ASSERT_EQ(take(), 0x31);
        eoi();
    }
    apic.mmio_write(0x380, 0);
    time.advance(kSecond);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, MaskedTimerStaysSilent) {
    apic.mmio_write(0x320, 0x10031);
    apic.mmio_write(0x380, 100);
    time.advance(kSecond);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, TscDeadline) {
    using x86::msr::IA32_TSC_DEADLINE;
    EXPECT_TRUE(apic.msr_write(IA32_TSC_DEADLINE, 1));  // not the mode: ignored
    EXPECT_EQ(*apic.msr_read(IA32_TSC_DEADLINE), 0u);
    apic.mmio_write(0x320, 0x40032);
    const std::uint64_t deadline = tsc.read() + 2'000'000;  // a millisecond
    apic.msr_write(IA32_TSC_DEADLINE, deadline);
    EXPECT_EQ(*apic.msr_read(IA32_TSC_DEADLINE), deadline);
    time.advance(999'000);
    EXPECT_FALSE(events.pending);
    time.advance(1'002);
    EXPECT_EQ(take(), 0x32);
    EXPECT_EQ(*apic.msr_read(IA32_TSC_DEADLINE), 0u);
    eoi();
    apic.msr_write(IA32_TSC_DEADLINE, tsc.read() - 1);  // in the past: at once
    EXPECT_EQ(take(), 0x32);
    eoi();
    apic.msr_write(IA32_TSC_DEADLINE, tsc.read() + 1000);
    apic.msr_write(IA32_TSC_DEADLINE, 0);
    time.advance(kSecond);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, SoftwareDisableMasksTheLocalVectorTable) {
    apic.mmio_write(0x320, 0x31);
    apic.mmio_write(0xf0, 0xff);
    EXPECT_EQ(apic.mmio_read(0x320), 0x10031u);
    apic.mmio_write(0x320, 0x31);
    EXPECT_EQ(apic.mmio_read(0x320), 0x10031u);
    chip.apic_bus().send(0xfee00000, 0x55);
    EXPECT_FALSE(events.pending);
}

TEST_F(IrqchipTest, ApicBaseStates) {
    using x86::msr::IA32_APIC_BASE;
    EXPECT_EQ(*apic.msr_read(IA32_APIC_BASE), 0xfee00900u);
    EXPECT_EQ(*other.msr_read(IA32_APIC_BASE), 0xfee00800u);
    EXPECT_EQ(apic.mmio_page(), 0xfee00000u);
    EXPECT_FALSE(apic.msr_read(0x802).has_value());
    EXPECT_FALSE(apic.msr_write(IA32_APIC_BASE, 0xfee00500));  // x2APIC without enable
    EXPECT_FALSE(apic.msr_write(IA32_APIC_BASE, 0xfee00901));  // reserved bit
    EXPECT_TRUE(apic.msr_write(IA32_APIC_BASE, 0xfee00d00));
    EXPECT_FALSE(apic.mmio_page().has_value());
    EXPECT_EQ(*apic.msr_read(0x802), 0u);
    EXPECT_EQ(*apic.msr_read(0x80d), 1u);
    EXPECT_FALSE(apic.msr_write(IA32_APIC_BASE, 0xfee00900));  // back to xAPIC
    EXPECT_TRUE(apic.msr_write(IA32_APIC_BASE, 0xfee00100));   // off
    EXPECT_FALSE(apic.msr_write(IA32_APIC_BASE, 0xfee00d00));  // off to x2APIC
    EXPECT_TRUE(apic.msr_write(IA32_APIC_BASE, 0xfee00900));
}

TEST_F(IrqchipTest, ParavirtualEoiIsKeptAndNotUsed) {
    EXPECT_TRUE(apic.msr_write(x86::msr::MSR_KVM_PV_EOI_EN, 0x5001));
    EXPECT_EQ(apic.msr_read(x86::msr::MSR_KVM_PV_EOI_EN), 0x5001u);
    EXPECT_FALSE(apic.msr_write(x86::msr::MSR_KVM_PV_EOI_EN, 0x6003));
    EXPECT_EQ(apic.msr_read(x86::msr::MSR_KVM_PV_EOI_EN), 0x5001u);
}

TEST_F(IrqchipTest, X2apicRegisters) {
    ASSERT_TRUE(apic.msr_write(x86::msr::IA32_APIC_BASE, 0xfee00d00));
    EXPECT_TRUE(apic.msr_write(0x83f, 0x88));  // self IPI
    EXPECT_EQ(take(), 0x88);
    EXPECT_FALSE(apic.msr_write(0x80b, 1));  // EOI takes zero only
    EXPECT_TRUE(apic.msr_write(0x80b, 0));
    EXPECT_FALSE(apic.msr_read(0x80b).has_value());
    EXPECT_FALSE(apic.msr_write(0x802, 0));
    EXPECT_FALSE(apic.msr_write(0x808, 0x100));
    EXPECT_FALSE(apic.msr_read(0x80e).has_value());  // no DFR
    EXPECT_TRUE(apic.msr_write(0x830, 0x0000000000000077));
    EXPECT_EQ(take(), 0x77);
    EXPECT_EQ(*apic.msr_read(0x830), 0x77u);
    EXPECT_FALSE(apic.msr_read(0x831).has_value());
}

TEST_F(IrqchipTest, AnotherLocalApicGoesOnWithTheRegisters) {
    chip.apic_bus().send(0xfee00000, 0x41);
    chip.apic_bus().send(0xfee00000, 0x52);
    EXPECT_EQ(take(), 0x52);
    apic.mmio_write(0x320, 0x20032);  // periodic, divided by two
    apic.mmio_write(0x380, 1'000);
    time.advance(500);
    Events later_events;
    ApicBus later_bus;
    LocalApic later{0, later_bus, time, tsc, later_events};
    later.set_registers(apic.registers());
    EXPECT_EQ(later.registers().words, apic.registers().words);
    EXPECT_EQ(later.mmio_read(0x390), 750u);
    EXPECT_FALSE(later_events.pending);  // 0x41 waits behind 0x52
    later.mmio_write(0xb0, 0);
    EXPECT_TRUE(later_events.pending);
    EXPECT_EQ(later.acknowledge(), 0x41);
    later.mmio_write(0xb0, 0);
    time.advance(1'500);
    EXPECT_EQ(later.acknowledge(), 0x32);
}

TEST_F(IrqchipTest, AnotherLocalApicIsInTheSameMode) {
    const auto base = *apic.msr_read(x86::msr::IA32_APIC_BASE);
    apic.msr_write(x86::msr::IA32_APIC_BASE, base | 0xc00);
    apic.msr_write(0x832, 0x40032);
    apic.msr_write(x86::msr::IA32_TSC_DEADLINE, tsc.read() + 2'000'000);
    Events later_events;
    ApicBus later_bus;
    LocalApic later{0, later_bus, time, tsc, later_events};
    later.set_registers(apic.registers());
    EXPECT_EQ(later.msr_read(0x802), 0u);
    EXPECT_EQ(later.msr_read(x86::msr::IA32_TSC_DEADLINE), apic.msr_read(x86::msr::IA32_TSC_DEADLINE));
    time.advance(1'000'001);
    EXPECT_EQ(later.acknowledge(), 0x32);
}

}  // namespace
}  // namespace hospes::devices
