// Packets, and what they ask of a VM that stands still.
#include "gdb/stub.h"

namespace hospes::gdb {

namespace {

constexpr char kNoSense[] = "E01";   // a packet that cannot be meant
constexpr char kNoMemory[] = "E0e";  // EFAULT
constexpr std::size_t kMostMemory = kPacketSize / 2;

}  // namespace

Stub::Stub(Target& target, std::function<void(const std::string&)> send)
    : target_(target), registers_(target.supported_xcr0(), target.xsave_layout()), send_(std::move(send)) {}

void Stub::reply(std::string_view payload) {
    last_ = framed(payload);
    send_(last_);
}

bool Stub::receive(std::string_view bytes) {
    for (const PacketReader::Event& event : reader_.take(bytes)) {
        if (gone_) break;
        switch (event.kind) {
            case PacketReader::Kind::Packet:
                if (acknowledges_) send_("+");
                answer(event.payload);
                break;
            case PacketReader::Kind::Damaged:
                if (acknowledges_) send_("-");
                break;
            case PacketReader::Kind::Refused:
                if (acknowledges_ && !last_.empty()) send_(last_);
                break;
            case PacketReader::Kind::Interrupt:
                if (running_) target_.interrupt();
                break;
        }
    }
    return !gone_;
}

// Of a VM that runs only its end can be asked: all else has to wait for the answer to what made it run.
void Stub::answer(std::string_view packet) {
    Reader reader(packet);
    if (reader.take('k')) {
        gone_ = true;
        target_.end();
        return;
    }
    if (running_) return;
    if (reader.take("vCont;")) {
        if (!resume_by_thread(reader)) reply(kNoSense);
        return;
    }
    if (packet == "D" || packet.starts_with("D;")) return leave();
    if (reader.take('c')) {
        if (!resume_all(reader, Move::Go)) reply(kNoSense);
        return;
    }
    if (reader.take('s')) {
        if (!resume_all(reader, Move::Step)) reply(kNoSense);
        return;
    }
    const char kind = packet.empty() ? '\0' : packet.front();
    if (kind != '\0') reader.take(kind);
    reply(answer_general(reader, kind).value_or(""));
}

std::optional<std::string> Stub::answer_general(Reader& packet, char kind) {
    switch (kind) {
        case '?': return stop_reply(last_stop_);
        case 'g': return read_registers();
        case 'G': return write_registers(packet.left());
        case 'p': return read_register(packet);
        case 'P': return write_register(packet);
        case 'm': return read_memory(packet);
        case 'M': return write_memory(packet, false);
        case 'X': return write_memory(packet, true);
        case 'Z': return change_breakpoint(packet, true);
        case 'z': return change_breakpoint(packet, false);
        case 'H': return select_thread(packet);
        case 'T': return thread_alive(packet);
        case 'q': return answer_query(packet);
        case 'Q': return answer_set(packet);
        case 'v': return packet.left() == "Cont?" ? "vCont;c;C;s;S" : "";
        default: return std::nullopt;
    }
}

std::string Stub::answer_query(Reader& packet) {
    if (packet.take("Supported")) {
        return "PacketSize=" + hex(kPacketSize) + ";qXfer:features:read+;QStartNoAckMode+;vContSupported+;" +
               "swbreak+;hwbreak+";
    }
    if (packet.take("Xfer:features:read:")) return features(packet);
    if (packet.take("fThreadInfo")) {
        std::string threads = "m1";
        for (unsigned cpu = 1; cpu < target_.cpus(); ++cpu) threads += "," + hex(cpu + 1);
        return threads;
    }
    if (packet.take("sThreadInfo")) return "l";
    if (packet.take("ThreadExtraInfo,")) return thread_extra(packet);
    if (packet.left() == "C") return "QC" + hex(current_ + 1);
    if (packet.take("Attached")) return "1";
    if (packet.take("Symbol::")) return "OK";
    return "";
}

std::string Stub::answer_set(Reader& packet) {
    if (!packet.take("StartNoAckMode")) return "";
    acknowledges_ = false;
    return "OK";
}

// ANNEX:OFFSET,LENGTH
std::string Stub::features(Reader& packet) const {
    if (!packet.take("target.xml:")) return "E00";
    const auto offset = packet.number();
    const auto length = packet.take(',') ? packet.number() : std::nullopt;
    if (!offset || !length) return kNoSense;
    const std::string& text = registers_.description();
    if (*offset >= text.size()) return "l";
    const std::string part = text.substr(*offset, std::min<std::uint64_t>(*length, kMostMemory));
    return (*offset + part.size() < text.size() ? "m" : "l") + part;
}

std::string Stub::thread_extra(Reader& packet) {
    const auto thread = thread_number(packet);
    if (!thread || *thread < 1) return kNoSense;
    const auto cpu = static_cast<unsigned>(*thread - 1);
    const cpu::VcpuState state = target_.state(cpu);
    std::string text = "CPU " + std::to_string(cpu);
    if (state.waits_for_start_up) {
        text += " [not started]";
    } else if (state.halted) {
        text += " [halted]";
    }
    std::string answer;
    append_hex(answer, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return answer;
}

std::optional<int> Stub::thread_number(Reader& packet) const {
    if (packet.take("-1")) return -1;
    const auto number = packet.number();
    if (!number || *number > target_.cpus()) return std::nullopt;
    return static_cast<int>(*number);
}

// Hg and Hc: what follows is about this thread. With vCont nobody needs Hc.
std::string Stub::select_thread(Reader& packet) {
    const bool general = packet.take('g');
    if (!general && !packet.take('c')) return "";
    const auto thread = thread_number(packet);
    if (!thread) return kNoSense;
    if (general && *thread > 0) current_ = static_cast<unsigned>(*thread - 1);
    return "OK";
}

std::string Stub::thread_alive(Reader& packet) const { return thread_number(packet) ? "OK" : kNoSense; }

std::string Stub::read_registers() {
    const cpu::VcpuState state = target_.state(current_);
    std::string answer;
    for (std::size_t number = 0; number < registers_.count(); ++number) registers_.append(answer, state, number);
    return answer;
}

std::string Stub::write_registers(std::string_view digits) {
    const auto bytes = bytes_of(digits);
    if (!bytes) return kNoSense;
    cpu::VcpuState state = target_.state(current_);
    std::size_t at = 0;
    for (std::size_t number = 0; number < registers_.count(); ++number) {
        const std::size_t size = *registers_.size(number);
        if (at + size > bytes->size()) return kNoSense;
        registers_.set(state, number, std::span(*bytes).subspan(at, size));
        at += size;
    }
    return target_.set_state(current_, state).ok() ? "OK" : kNoSense;
}

std::string Stub::read_register(Reader& packet) {
    const auto number = packet.number();
    if (!number || !registers_.size(*number)) return kNoSense;
    std::string answer;
    registers_.append(answer, target_.state(current_), *number);
    return answer;
}

std::string Stub::write_register(Reader& packet) {
    const auto number = packet.number();
    const auto size = number ? registers_.size(*number) : std::nullopt;
    if (!size || !packet.take('=')) return kNoSense;
    const auto bytes = bytes_of(packet.left());
    if (!bytes || bytes->size() != *size) return kNoSense;
    cpu::VcpuState state = target_.state(current_);
    registers_.set(state, *number, *bytes);
    return target_.set_state(current_, state).ok() ? "OK" : kNoSense;
}

// ADDRESS,LENGTH
std::string Stub::read_memory(Reader& packet) {
    const auto address = packet.number();
    const auto length = packet.take(',') ? packet.number() : std::nullopt;
    if (!address || !length) return kNoSense;
    std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(*length, kMostMemory));
    const std::size_t read = target_.read(current_, *address, bytes.data(), bytes.size());
    if (read == 0 && !bytes.empty()) return kNoMemory;
    std::string answer;
    append_hex(answer, std::span(bytes).first(read));
    return answer;
}

// ADDRESS,LENGTH:BYTES
std::string Stub::write_memory(Reader& packet, bool binary) {
    const auto address = packet.number();
    const auto length = packet.take(',') ? packet.number() : std::nullopt;
    if (!address || !length || !packet.take(':')) return kNoSense;
    std::vector<std::uint8_t> bytes;
    if (binary) {
        bytes.assign(packet.left().begin(), packet.left().end());
    } else {
        auto decoded = bytes_of(packet.left());
        if (!decoded) return kNoSense;
        bytes = std::move(*decoded);
    }
    if (bytes.size() != *length) return kNoSense;
    return target_.write(current_, *address, bytes.data(), bytes.size()) == bytes.size() ? "OK" : kNoMemory;
}

}  // namespace hospes::gdb
