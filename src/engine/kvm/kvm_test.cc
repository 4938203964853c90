// What of the engine needs no /dev/kvm; the rest is tests/kvm/engine_test.cc.
#include <gtest/gtest.h>

#include "engine/kvm/cpuid_table.h"
#include "engine/kvm/failure.h"
#include "engine/kvm/guest_debug.h"
#include "engine/kvm/opened_device.h"
#include "engine/kvm/segments.h"

namespace hospes::kvm {
namespace {

TEST(Failure, AFailedEntryNamesTheHardwaresReason) {
    kvm_run run{};
    run.exit_reason = KVM_EXIT_FAIL_ENTRY;
    run.fail_entry.hardware_entry_failure_reason = 0x80000021;
    EXPECT_EQ(describe_exit(run), "KVM_EXIT_FAIL_ENTRY, hardware reason 0x80000021");
}

TEST(Failure, AnInternalErrorShowsItsData) {
    kvm_run run{};
    run.exit_reason = KVM_EXIT_INTERNAL_ERROR;
    run.internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
    run.internal.ndata = 2;
    run.internal.data[0] = 0x80000b0e;
    EXPECT_EQ(describe_exit(run), "KVM_EXIT_INTERNAL_ERROR 3 (exit while an event was delivered) 0x80000b0e 0");
    run.internal.ndata = 1000;  // more than there are
    EXPECT_LT(describe_exit(run).size(), 200u);
}

TEST(Failure, AnExitThatNobodyKnows) {
    kvm_run run{};
    run.exit_reason = 99;
    EXPECT_EQ(describe_exit(run), "exit 99 of KVM, which is unknown here");
}

TEST(Failure, CodeEndsWhereMemoryDoes) {
    const auto ram = memory::GuestRam::create(1 << 20).take();
    ASSERT_TRUE(ram->write((1 << 20) - 2, "\x0f\x0b", 2));
    EXPECT_EQ(describe_code(*ram, (1 << 20) - 2), "bytes at rip: 0f 0b");
    EXPECT_EQ(describe_code(*ram, 1 << 20), "no memory at rip");
}

TEST(Segments, EveryAttributeComesBack) {
    for (const unsigned attributes : {0x9bu, 0xa09bu, 0xc093u, 0xf0fbu, 0x1082u, 0x8bu}) {
        x86::Segment segment{0x12345000, 0xfffff, 0x10, static_cast<std::uint16_t>(attributes)};
        const x86::Segment back = from_kvm(to_kvm(segment));
        EXPECT_EQ(back.attributes, attributes);
        EXPECT_EQ(back.base, segment.base);
        EXPECT_EQ(back.limit, segment.limit);
        EXPECT_EQ(back.selector, segment.selector);
    }
    EXPECT_EQ(to_kvm(x86::Segment{}).unusable, 1);
}

TEST(CpuidTable, HasEveryLeafOfTheModel) {
    x86::CpuidPlatform platform{2'000'000, 1};
    const x86::CpuidModel model = x86::CpuidModel::create("x86-64-v2", platform).take();
    unsigned found = 0;
    for (const kvm_cpuid_entry2& entry : CpuidTable::of_model(model, 0).entries()) {
        const x86::CpuidLeaf leaf = model.leaf(entry.function, entry.index, 0, 0, 1);
        EXPECT_EQ(entry.eax, leaf.eax) << entry.function;
        EXPECT_EQ(entry.edx, leaf.edx) << entry.function;
        found += entry.function == 0x40000010 || entry.function == 0x80000008 || entry.function == 0x15;
    }
    EXPECT_EQ(found, 3u);
}

TEST(OpenedDevice, SaysWhatToDo) {
    OpenedDevice old;
    old.fault = Fault::OldApi;
    old.version = 11;
    EXPECT_EQ(explain(old, "/dev/kvm"), "/dev/kvm has version 11 of the API, not 12; use a newer kernel");
    old.lacking = "KVM_CAP_X";
    EXPECT_EQ(explain(old, "/dev/kvm"), "/dev/kvm lacks KVM_CAP_X; use a newer kernel");
}

TEST(GuestDebug, FillsTheProcessorsFourBreakpoints) {
    const GuestDebug debug = GuestDebug::of({{0x1234}, {{0x2001, 7, false, true}}, false}).take();
    const kvm_guest_debug kernel = debug.for_kernel();
    EXPECT_EQ(kernel.control, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP);
    EXPECT_EQ(kernel.arch.debugreg[0], 0x1234u);
    EXPECT_EQ(kernel.arch.debugreg[1], 0x2001u);
    EXPECT_EQ(kernel.arch.debugreg[2], 0x2002u);
    EXPECT_EQ(kernel.arch.debugreg[3], 0x2004u);
    EXPECT_EQ(kernel.arch.debugreg[7], 0xd5100455u);
    EXPECT_EQ(debug.stop_of(1)->event, cpu::DebugEvent::Code);
    EXPECT_EQ(debug.stop_of(4)->data.size, 7u);
    EXPECT_EQ(debug.stop_of(0x4000), std::nullopt) << "the guest's own step";
}

TEST(GuestDebug, RefusesWhatDoesNotFit) {
    EXPECT_TRUE(GuestDebug::of({{1, 2, 3, 4}, {}, false}).ok());
    EXPECT_FALSE(GuestDebug::of({{1, 2, 3, 4, 5}, {}, false}).ok());
    EXPECT_TRUE(GuestDebug::of({{1, 2, 3, 4, 5}, {}, true}).ok()) << "a step does not look at code";
    EXPECT_TRUE(GuestDebug::of({{}, {{0x1000, 32, true, true}}, false}).ok());
    EXPECT_FALSE(GuestDebug::of({{}, {{0x1000, 33, true, true}}, false}).ok());
    EXPECT_FALSE(GuestDebug::of({{}, {{0x1000, 8, true, false}}, false}).ok());
    EXPECT_FALSE(GuestDebug::of({{}, {{0, 4096, false, true}}, false}).ok());
}

}  // namespace
}  // namespace hospes::kvm
