#include <gtest/gtest.h>

#include <csignal>

#include "vmm/outcome.h"

namespace hospes::vmm {
namespace {

cpu::Exit exit_for(cpu::ExitReason reason, std::string report = {}) {
    cpu::Exit exit;
    exit.reason = reason;
    exit.report = std::move(report);
    return exit;
}

TEST(Outcome, TheGuestsEnds) {
    const cpu::Exit kicked = exit_for(cpu::ExitReason::Kicked);
    machine::Ending off, reset, debug;
    off.power_off();
    reset.reset();
    debug.debug_exit(61);
    EXPECT_EQ(outcome_of(kicked, off, true).status, 0);
    EXPECT_EQ(outcome_of(kicked, reset, false).status, 3);
    EXPECT_FALSE(outcome_of(kicked, reset, false).restart);
    EXPECT_TRUE(outcome_of(kicked, reset, true).restart);
    EXPECT_EQ(outcome_of(kicked, debug, true).status, 61 << 1 | 1);
}

TEST(Outcome, TheFirstRequestCounts) {
    machine::Ending ending;
    int told = 0;
    ending.on_request([&told] { ++told; });
    EXPECT_FALSE(ending.requested());
    ending.debug_exit(1);
    ending.power_off();
    EXPECT_TRUE(ending.requested());
    EXPECT_EQ(told, 1);
    EXPECT_EQ(outcome_of(exit_for(cpu::ExitReason::Kicked), ending, true).status, 3);
}

TEST(Outcome, TheEnginesEnds) {
    const machine::Ending none;
    const Outcome fault = outcome_of(exit_for(cpu::ExitReason::Shutdown, "#GP at 0x10"), none, true);
    EXPECT_EQ(fault.status, 4);
    EXPECT_FALSE(fault.restart);
    EXPECT_NE(fault.line.find("triple fault: #GP at 0x10"), std::string::npos);
    EXPECT_EQ(outcome_of(exit_for(cpu::ExitReason::Failed, "why"), none, true).status, kStatusError);
    EXPECT_EQ(outcome_of(exit_for(cpu::ExitReason::Kicked), none, true).status, kStatusError);
}

TEST(Outcome, ASignalIsPassedOn) {
    machine::Ending ending;
    ending.request(machine::EndKind::Signal, SIGTERM);
    const Outcome outcome = outcome_of(exit_for(cpu::ExitReason::Kicked), ending, true);
    EXPECT_EQ(outcome.signal, SIGTERM);
    EXPECT_EQ(outcome.line, "ended by SIGTERM");
}

}  // namespace
}  // namespace hospes::vmm
