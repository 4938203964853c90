#include "api/session/codec.h"

#include <gtest/gtest.h>

namespace hospes::api::session {
namespace {

std::vector<Message> one_of_each() {
    const Start start{.words = {"sh", "-c", ""},
                      .environment = {"A=1", "B="},
                      .directory = "/srv",
                      .user = "web:www",
                      .host_name = "box",
                      .local_time = std::string("TZif\0\1", 6),
                      .terminal = 1,
                      .rows = 50,
                      .columns = 0xfedc};
    return {Hello{0x12345678}, start,      Started{},         Failed{FailureKind::BadUser, "no such user"},
            Ended{255, 9},     Signal{15}, WindowSize{24, 80}};
}

void feed(FrameReader& reader, const std::string& bytes) { reader.feed({bytes.data(), bytes.size()}); }

// Whether the bytes are refused, as against taken or waited for more.
bool refused(const std::string& bytes) {
    FrameReader reader;
    feed(reader, bytes);
    return !reader.next().ok();
}

std::string frame(const std::string& content) {
    std::string bytes;
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(content.size() >> (8 * i));
    return bytes + content;
}

TEST(Session, LayoutOnTheWire) {
    EXPECT_EQ(encode(Signal{15}), std::string("\3\0\0\0\5\0\17", 7));
    EXPECT_EQ(encode(Failed{FailureKind::NotFound, "no"}), std::string("\11\0\0\0\3\0\1\2\0\0\0no", 13));
}

TEST(Session, RoundTripOfEveryMessage) {
    for (const Message& message : one_of_each()) {
        FrameReader reader;
        feed(reader, encode(message));
        auto result = reader.next();
        ASSERT_TRUE(result.ok()) << result.error().message();
        ASSERT_TRUE(result->has_value());
        EXPECT_EQ((*result)->index(), message.index());
        EXPECT_EQ(encode(**result), encode(message));
        EXPECT_FALSE(reader.in_frame());
    }
}

TEST(Session, FieldsOfStart) {
    FrameReader reader;
    feed(reader, encode(one_of_each()[1]));
    const Message message = **reader.next();
    const Start& start = std::get<Start>(message);
    EXPECT_EQ(start.words, (std::vector<std::string>{"sh", "-c", ""}));
    EXPECT_EQ(start.environment, (std::vector<std::string>{"A=1", "B="}));
    EXPECT_EQ(start.directory + start.user + start.host_name, "/srvweb:wwwbox");
    EXPECT_EQ(start.local_time.size(), 6u);
    EXPECT_EQ(start.terminal, 1);
    EXPECT_EQ(start.rows, 50);
    EXPECT_EQ(start.columns, 0xfedc);
}

TEST(Session, BytesOneByOneAndMessagesInARow) {
    std::string all;
    for (const Message& message : one_of_each()) all += encode(message);
    FrameReader reader;
    std::size_t seen = 0;
    for (const char byte : all) {
        reader.feed({&byte, 1});
        auto result = reader.next();
        ASSERT_TRUE(result.ok());
        if (!result->has_value()) continue;
        EXPECT_EQ((*result)->index(), seen++);
    }
    EXPECT_EQ(seen, std::variant_size_v<Message>);
    FrameReader at_once;
    feed(at_once, all);
    for (seen = 0; at_once.next()->has_value(); ++seen) EXPECT_EQ(at_once.in_frame(), seen + 1 < 7);
    EXPECT_EQ(seen, std::variant_size_v<Message>);
}

// A frame that says that it is shorter than its message is refused, wherever it is cut.
TEST(Session, TruncationAtEveryByte) {
    for (const Message& message : one_of_each()) {
        const std::string whole = encode(message);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            FrameReader reader;
            feed(reader, whole.substr(0, size));
            auto result = reader.next();
            ASSERT_TRUE(result.ok());
            EXPECT_FALSE(result->has_value());
            EXPECT_EQ(reader.in_frame(), size > 0);
        }
        for (std::size_t size = 4; size < whole.size(); ++size) {
            EXPECT_TRUE(refused(frame(whole.substr(4, size - 4)))) << message.index() << " at " << size;
        }
        EXPECT_TRUE(refused(frame(whole.substr(4) + '\0'))) << "a byte too many";
    }
}

TEST(Session, FramesBeyondTheBoundAreRefusedAtTheirLength) {
    EXPECT_TRUE(refused(std::string("\1\0\20\0", 4)));
    EXPECT_TRUE(refused("\xff\xff\xff\xff"));
    const std::string large = encode(Failed{FailureKind::Setup, std::string(kMaxFrame - 7, 'x')});
    EXPECT_TRUE(fits(large));
    FrameReader reader;
    feed(reader, large);
    EXPECT_TRUE(reader.next()->has_value());
    EXPECT_FALSE(fits(encode(Failed{FailureKind::Setup, std::string(kMaxFrame - 6, 'x')})));
}

TEST(Session, UnknownTypesAndValuesAreRefused) {
    EXPECT_TRUE(refused(frame(std::string("\7\0", 2))));
    EXPECT_TRUE(refused(frame(std::string("\1\1", 2))));
    EXPECT_TRUE(refused(frame("")));
    EXPECT_TRUE(refused(frame(std::string("\3\0\5\0\0\0\0", 7)))) << "a kind of failure that there is not";
    Start start;
    EXPECT_TRUE(refused(encode(start))) << "no command";
    start.words = {"a"};
    EXPECT_FALSE(refused(encode(start)));
    start.terminal = 2;
    EXPECT_TRUE(refused(encode(start)));
    start.terminal = 1;
    start.words = {std::string("a\0b", 3)};
    EXPECT_TRUE(refused(encode(start))) << "NUL in a word";
    EXPECT_TRUE(refused(frame(std::string("\1\0\xff\xff\xff\xff", 6)))) << "more words than bytes";
}

TEST(Session, NothingComesAfterAnError) {
    FrameReader reader;
    feed(reader, frame("?") + encode(Started{}));
    EXPECT_FALSE(reader.next().ok());
    feed(reader, encode(Started{}));
    EXPECT_FALSE(reader.next()->has_value());
    EXPECT_FALSE(reader.in_frame());
}

}  // namespace
}  // namespace hospes::api::session
