#include "api/session/codec.h"

#include <concepts>
#include <cstring>
#include <type_traits>
#include <vector>

namespace hospes::api::session {

namespace {

// The fields of every message in their order on the wire: one list for both directions. `blob` may hold any bytes,
// other strings are text without NUL.
template <typename Codec>
void fields(Codec& codec, Hello& message) {
    codec(message.version);
}
template <typename Codec>
void fields(Codec& codec, Start& message) {
    codec(message.words);
    codec(message.environment);
    codec(message.directory);
    codec(message.user);
    codec(message.host_name);
    codec.blob(message.local_time);
    codec(message.terminal);
    codec(message.rows);
    codec(message.columns);
}
template <typename Codec>
void fields(Codec&, Started&) {}
template <typename Codec>
void fields(Codec& codec, Failed& message) {
    codec(message.kind);
    codec(message.reason);
}
template <typename Codec>
void fields(Codec& codec, Ended& message) {
    codec(message.status);
    codec(message.signal);
}
template <typename Codec>
void fields(Codec& codec, Signal& message) {
    codec(message.number);
}
template <typename Codec>
void fields(Codec& codec, WindowSize& message) {
    codec(message.rows);
    codec(message.columns);
}

class Writer {
  public:
    template <std::unsigned_integral T>
    void operator()(T value) {
        for (unsigned i = 0; i < sizeof value; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
    void operator()(FailureKind value) { (*this)(static_cast<std::uint8_t>(value)); }
    void operator()(const std::string& value) { blob(value); }
    void operator()(const std::vector<std::string>& values) {
        (*this)(static_cast<std::uint32_t>(values.size()));
        for (const std::string& value : values) blob(value);
    }
    void blob(const std::string& value) {
        (*this)(static_cast<std::uint32_t>(value.size()));
        bytes_ += value;
    }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

// Once something is wrong, everything after it is read as empty.
class Reader {
  public:
    explicit Reader(std::span<const char> bytes) : left_(bytes) {}

    template <std::unsigned_integral T>
    void operator()(T& value) {
        value = 0;
        if (!has(sizeof value)) return;
        for (unsigned i = 0; i < sizeof value; ++i) {
            value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(left_[i])) << (8 * i));
        }
        left_ = left_.subspan(sizeof value);
    }
    void operator()(FailureKind& value) {
        std::uint8_t number = 0;
        (*this)(number);
        good_ = good_ && number <= static_cast<std::uint8_t>(FailureKind::BadDirectory);
        if (good_) value = static_cast<FailureKind>(number);
    }
    void operator()(std::string& value) {
        blob(value);
        good_ = good_ && value.find('\0') == std::string::npos;
    }
    void operator()(std::vector<std::string>& values) {
        std::uint32_t count = 0;
        (*this)(count);
        if (!has(std::size_t{count} * sizeof count)) return;  // each has its length at least
        values.resize(count);
        for (std::string& value : values) (*this)(value);
    }
    void blob(std::string& value) {
        std::uint32_t length = 0;
        (*this)(length);
        if (!has(length)) return;
        value.assign(left_.data(), length);
        left_ = left_.subspan(length);
    }
    // Whether all was there and nothing is left over.
    bool finished() const { return good_ && left_.empty(); }

  private:
    bool has(std::size_t count) { return good_ = good_ && count <= left_.size(); }

    std::span<const char> left_;
    bool good_ = true;
};

template <typename T>
bool sensible(const T&) {
    return true;
}
bool sensible(const Start& start) { return !start.words.empty() && start.terminal <= 1; }

// Makes `message` the alternative that `type` names, with its fields; false if they are not what it has.
template <std::size_t index = 0>
bool decode(std::uint16_t type, Reader& reader, Message& message) {
    if constexpr (index < std::variant_size_v<Message>) {
        if (type != index) return decode<index + 1>(type, reader, message);
        auto& content = message.emplace<index>();
        fields(reader, content);
        return reader.finished() && sensible(content);
    }
    return false;
}

constexpr std::size_t kLengthSize = sizeof(std::uint32_t);
constexpr std::size_t kTypeSize = sizeof(std::uint16_t);

}  // namespace

std::string encode(Message message) {
    Writer body;
    body(static_cast<std::uint16_t>(message.index()));
    std::visit([&body](auto& content) { fields(body, content); }, message);
    Writer frame;
    frame.blob(body.bytes());
    return frame.bytes();
}

void FrameReader::feed(std::span<const char> bytes) {
    if (broken_) return;
    bytes_.erase(0, taken_);
    taken_ = 0;
    bytes_.append(bytes.data(), bytes.size());
}

Error FrameReader::broken(const std::string& why) {
    broken_ = true;
    bytes_.clear();
    taken_ = 0;
    return Error("cannot read a message of the session: " + why);
}

Result<std::optional<Message>> FrameReader::next() {
    const std::span<const char> waiting = std::span(bytes_).subspan(taken_);
    if (waiting.size() < kLengthSize) return std::optional<Message>();
    std::uint32_t length = 0;
    Reader(waiting.first(kLengthSize))(length);
    if (length > kMaxFrame) return broken("its length of " + std::to_string(length) + " is beyond all bounds");
    if (length < kTypeSize) return broken("it has no type");
    if (waiting.size() - kLengthSize < length) return std::optional<Message>();
    Reader reader(waiting.subspan(kLengthSize, length));
    std::uint16_t type = 0;
    reader(type);
    std::optional<Message> message(std::in_place);
    if (!decode(type, reader, *message)) return broken("type " + std::to_string(type) + " does not look like this");
    taken_ += kLengthSize + length;
    return message;
}

}  // namespace hospes::api::session
