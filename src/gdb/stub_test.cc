#include "gdb/stub.h"

#include <gtest/gtest.h>

#include "gdb/fake_target.h"

namespace hospes::gdb {
namespace {

class StubTest : public testing::Test {
  protected:
    // What the stub answers to one packet, without its frame.
    std::string ask(const std::string& packet) {
        sent_.clear();
        stub_.receive(framed(packet));
        return answers();
    }
    std::string answers() {
        PacketReader reader;
        std::string text;
        for (const auto& event : reader.take(sent_)) text += event.payload;
        return text;
    }
    std::string stop(const Stop& why) {
        sent_.clear();
        target_.running = false;
        stub_.stopped(why);
        return answers();
    }

    FakeTarget target_;
    std::string sent_;
    Stub stub_{target_, [this](const std::string& bytes) { sent_ += bytes; }};
};

TEST_F(StubTest, AcknowledgesUntilItIsToldNotTo) {
    ask("?");
    EXPECT_EQ(sent_.front(), '+');
    EXPECT_EQ(ask("QStartNoAckMode"), "OK");
    ask("?");
    EXPECT_EQ(sent_.front(), '$');
}

TEST_F(StubTest, SendsAgainWhatCameDamaged) {
    ask("?");
    sent_.clear();
    stub_.receive("-");
    EXPECT_EQ(answers(), "T02thread:1;");
}

TEST_F(StubTest, WhatItDoesNotKnowHasAnEmptyAnswer) {
    EXPECT_EQ(ask("vMustReplyEmpty"), "");
    EXPECT_EQ(ask("!"), "");
    EXPECT_EQ(ask(""), "");
    EXPECT_EQ(sent_, "+$#00");
}

TEST_F(StubTest, DescribesItselfInPieces) {
    std::string xml;
    for (;;) {
        const std::string part = ask("qXfer:features:read:target.xml:" + hex(xml.size()) + ",100");
        ASSERT_FALSE(part.empty());
        xml += part.substr(1);
        if (part[0] == 'l') break;
        ASSERT_EQ(part[0], 'm');
    }
    EXPECT_NE(xml.find("</target>"), std::string::npos);
    EXPECT_EQ(ask("qXfer:features:read:other.xml:0,100"), "E00");
}

TEST_F(StubTest, CpusAreThreads) {
    EXPECT_EQ(ask("qfThreadInfo"), "m1,2");
    EXPECT_EQ(ask("qsThreadInfo"), "l");
    EXPECT_EQ(ask("T2"), "OK");
    EXPECT_EQ(ask("T3"), "E01");
    EXPECT_EQ(ask("Hg2"), "OK");
    EXPECT_EQ(ask("qC"), "QC2");
    target_.states[1].rip = 0x1234;
    EXPECT_EQ(ask("p10"), "3412000000000000");
    EXPECT_EQ(ask("Hg3"), "E01");
    target_.states[1].halted = true;
    EXPECT_EQ(*bytes_of(ask("qThreadExtraInfo,2")),
              (std::vector<std::uint8_t>{'C', 'P', 'U', ' ', '1', ' ', '[', 'h', 'a', 'l', 't', 'e', 'd', ']'}));
}

TEST_F(StubTest, RegistersAreReadAndWritten) {
    EXPECT_EQ(ask("P0=8877665544332211"), "OK");
    EXPECT_EQ(target_.states[0].gpr[x86::RAX], 0x1122334455667788u);
    std::string all = ask("g");
    EXPECT_EQ(all.substr(0, 16), "8877665544332211");
    all[0] = '9';
    EXPECT_EQ(ask("G" + all), "OK");
    EXPECT_EQ(target_.states[0].gpr[x86::RAX], 0x1122334455667798u);
    EXPECT_EQ(ask("P0=00"), "E01");
    EXPECT_EQ(ask("Pfff=00"), "E01");
    EXPECT_EQ(ask("G00"), "E01");
}

TEST_F(StubTest, MemoryIsReadAndWritten) {
    EXPECT_EQ(ask("M10,3:010203"), "OK");
    EXPECT_EQ(ask("m10,3"), "010203");
    EXPECT_EQ(ask(std::string("X10,2:#}")), "OK");
    EXPECT_EQ(ask("m10,3"), "237d03");
    EXPECT_EQ(ask("mffff,2"), "00");  // as much as there is
    EXPECT_EQ(ask("m10000,1"), "E0e");
    EXPECT_EQ(ask("Mffff,2:0102"), "E0e");
    EXPECT_EQ(ask("m0,ffffffffffffffff").size(), kPacketSize);
    EXPECT_EQ(ask("M0,2:01"), "E01");
    EXPECT_EQ(ask("m10"), "E01");
}

TEST_F(StubTest, BreakpointsAreSetWhenTheVmGoesOn) {
    EXPECT_EQ(ask("Z0,1000,1"), "OK");
    EXPECT_EQ(ask("Z1,1000,1"), "OK");
    EXPECT_EQ(ask("z0,1000,1"), "OK");  // the hardware one is still there
    EXPECT_EQ(ask("Z2,2000,8"), "OK");
    EXPECT_EQ(ask("Z3,3000,4"), "OK");
    EXPECT_EQ(ask("Z4,4000,1"), "OK");
    EXPECT_EQ(ask("Z5,4000,1"), "");
    EXPECT_EQ(ask("Z2,ffffffffffffffff,2"), "E01");
    EXPECT_EQ(ask("Z2,0,0"), "E01");
    ask("c");
    EXPECT_EQ(target_.breakpoints.code, std::vector<Gva>{0x1000});
    const std::vector<cpu::DataBreakpoint> data = {
        {0x2000, 8, false, true}, {0x3000, 4, true, false}, {0x4000, 1, true, true}};
    EXPECT_EQ(target_.breakpoints.data, data);
}

TEST_F(StubTest, TooManyBreakpointsAreRefused) {
    for (unsigned i = 0; i < 4096; ++i) ASSERT_EQ(ask("Z0," + hex(i) + ",1"), "OK");
    EXPECT_EQ(ask("Z0,ffffff,1"), "E1c");
    EXPECT_EQ(ask("z0,0,1"), "OK");
    EXPECT_EQ(ask("Z0,ffffff,1"), "OK");
}

TEST_F(StubTest, MoreBreakpointsThanTheTargetHasAreRefused) {
    target_.most = 2;
    EXPECT_EQ(ask("Z1,1000,1"), "OK");
    EXPECT_EQ(ask("Z2,2000,8"), "OK");
    EXPECT_EQ(ask("Z4,3000,8"), "E1c");
    EXPECT_EQ(ask("Z1,1000,1"), "OK");
    EXPECT_EQ(ask("z2,2000,8"), "OK");
    EXPECT_EQ(ask("Z4,3000,8"), "OK");
}

TEST_F(StubTest, OneStepsAndTheOthersAsTheyAreTold) {
    EXPECT_EQ(ask("vCont?"), "vCont;c;C;s;S");
    ask("vCont;s:2;c");
    EXPECT_EQ(target_.moves, (std::vector<Move>{Move::Go, Move::Step}));
    EXPECT_EQ(stop({1, cpu::DebugStop{}}), "T05thread:2;");
    EXPECT_EQ(ask("qC"), "QC2");
    ask("vCont;s:2");
    EXPECT_EQ(target_.moves, (std::vector<Move>{Move::Stay, Move::Step}));
    stop({1, cpu::DebugStop{}});
    ask("s");
    EXPECT_EQ(target_.moves, (std::vector<Move>{Move::Stay, Move::Step}));
    stop({0, cpu::DebugStop{}});
    EXPECT_EQ(ask("vCont;x"), "E01");
    EXPECT_EQ(ask("vCont;c:7"), "E01");
    EXPECT_EQ(ask("vCont"), "");
    ask("c40");
    EXPECT_EQ(target_.states[0].rip, 0x40u);
}

TEST_F(StubTest, StopsSayWhy) {
    ask("Z0,1000,1");
    ask("c");
    EXPECT_EQ(stop({0, cpu::DebugStop{cpu::DebugEvent::Code, {}}}), "T05thread:1;swbreak:;");
    ask("c");
    EXPECT_EQ(stop({0, cpu::DebugStop{cpu::DebugEvent::Data, {0x2000, 8, true, true}}}), "T05thread:1;awatch:2000;");
    ask("c");
    EXPECT_EQ(ask("m0,1"), "");  // not of a VM that runs
    EXPECT_EQ(target_.interrupts, 0u);
    stub_.receive("\x03");
    EXPECT_EQ(target_.interrupts, 1u);
    EXPECT_EQ(stop({1, std::nullopt}), "T02thread:2;");
    EXPECT_EQ(ask("?"), "T02thread:2;");
    stub_.receive("\x03");
    EXPECT_EQ(target_.interrupts, 1u);
}

TEST_F(StubTest, LeavesOrEndsTheVm) {
    EXPECT_FALSE(stub_.receive(framed("D")));
    EXPECT_TRUE(target_.detached);
    Stub other(target_, [](const std::string&) {});
    EXPECT_FALSE(other.receive(framed("k")));
    EXPECT_TRUE(target_.killed);
}

TEST_F(StubTest, AfterTheVmsEndItSaysSo) {
    ask("c");
    sent_.clear();
    stub_.ended(3);
    EXPECT_EQ(answers(), "W3");
}

TEST_F(StubTest, AfterAResetTheBreakpointsAreThere) {
    ask("Z0,1000,1");
    ask("c");
    target_.breakpoints = {};
    stub_.restarted();
    EXPECT_EQ(target_.breakpoints.code, std::vector<Gva>{0x1000});
}

}  // namespace
}  // namespace hospes::gdb
