#include "gdb/packets.h"

#include <gtest/gtest.h>

namespace hospes::gdb {
namespace {

using Kind = PacketReader::Kind;

TEST(Packets, WhatIsFramedComesBack) {
    std::string payload;
    for (int byte = 0; byte < 256; ++byte) payload += static_cast<char>(byte);
    PacketReader reader;
    const auto events = reader.take(framed(payload));
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].kind, Kind::Packet);
    EXPECT_EQ(events[0].payload, payload);
}

TEST(Packets, ComeInPieces) {
    PacketReader reader;
    std::vector<PacketReader::Event> events;
    for (const char byte : std::string("+$g#67\x03$m0,4#fd")) {
        for (auto& event : reader.take({&byte, 1})) events.push_back(event);
    }
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].payload, "g");
    EXPECT_EQ(events[1].kind, Kind::Interrupt);
    EXPECT_EQ(events[2].payload, "m0,4");
}

TEST(Packets, DamagedOnesSaySo) {
    PacketReader reader;
    const auto events = reader.take("$g#68$g#xy-$g#67");
    ASSERT_EQ(events.size(), 4u);
    EXPECT_EQ(events[0].kind, Kind::Damaged);
    EXPECT_EQ(events[1].kind, Kind::Damaged);
    EXPECT_EQ(events[2].kind, Kind::Refused);
    EXPECT_EQ(events[3].kind, Kind::Packet);
}

TEST(Packets, OneThatIsTooLongIsDamagedAndTheNextIsNot) {
    PacketReader reader;
    EXPECT_EQ(reader.take(framed(std::string(kPacketSize, 'a')))[0].kind, Kind::Packet);
    EXPECT_EQ(reader.take(framed(std::string(kPacketSize + 1, 'a')))[0].kind, Kind::Damaged);
    EXPECT_EQ(reader.take("$g#67")[0].payload, "g");
}

}  // namespace
}  // namespace hospes::gdb
