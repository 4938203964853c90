// Breakpoints, running on and stopping.
#include "gdb/stub.h"

namespace hospes::gdb {

namespace {

constexpr std::size_t kMostCode = 4096;
constexpr std::size_t kMostData = 64;
constexpr std::uint64_t kLongestData = 4096;
constexpr char kTooMany[] = "E1c";  // ENOSPC
constexpr char kTrap[] = "05";      // GDB's number of SIGTRAP
constexpr char kInterrupted[] = "02";

}  // namespace

// TYPE,ADDRESS,KIND, of which KIND is a watchpoint's length.
std::string Stub::change_breakpoint(Reader& packet, bool insert) {
    std::uint64_t type = 0, address = 0, kind = 0;
    const bool whole = packet.take_number(type) && packet.take(',') && packet.take_number(address) &&
                       packet.take(',') && packet.take_number(kind);
    if (!whole) return "E01";
    if (type > 4) return "";
    const auto watch = static_cast<Watch>('0' + type);
    const auto change = [&](bool in) {
        return type <= 1 ? change_code(address, in) : change_data(watch, {address, kind}, in);
    };
    const bool sensible = kind != 0 && kind <= kLongestData && address + (kind - 1) >= address;
    if (type > 1 && !sensible) return "E01";
    if (!change(insert)) return kTooMany;
    if (!insert || target_.can_stop_at(breakpoints())) return "OK";
    change(false);
    return kTooMany;
}

bool Stub::change_code(Gva address, bool insert) {
    const auto known = code_.find(address);
    if (insert) {
        if (known == code_.end() && code_.size() == kMostCode) return false;
        ++code_[address];
    } else if (known != code_.end() && --known->second == 0) {
        code_.erase(known);
    }
    return true;
}

bool Stub::change_data(Watch kind, Point point, bool insert) {
    auto& points = data_[static_cast<char>(kind) - static_cast<char>(Watch::Write)];
    const auto known = points.find(point);
    if (insert) {
        if (known == points.end() && points.size() == kMostData) return false;
        ++points[point];
    } else if (known != points.end() && --known->second == 0) {
        points.erase(known);
    }
    return true;
}

// c and s, with or without an address to go on at.
bool Stub::resume_all(Reader& packet, Move move) {
    if (!packet.empty()) {
        const auto address = packet.number();
        if (!address) return false;
        cpu::VcpuState state = target_.state(current_);
        state.rip = *address;
        if (!target_.set_state(current_, state).ok()) return false;
    }
    std::vector<Move> moves(target_.cpus(), move == Move::Step ? Move::Stay : Move::Go);
    moves[current_] = move;
    go(moves);
    return true;
}

// ACTION[:THREAD][;ACTION[:THREAD]]..., for each CPU the first one that fits.
bool Stub::resume_by_thread(Reader& packet) {
    std::vector<std::optional<Move>> wanted(target_.cpus());
    do {
        if (!apply_action(packet, wanted)) return false;
    } while (packet.take(';'));
    if (!packet.empty()) return false;
    std::vector<Move> moves;
    bool any = false;
    for (const auto& move : wanted) {
        moves.push_back(move.value_or(Move::Stay));
        any = any || moves.back() != Move::Stay;
    }
    if (!any) return false;
    go(moves);
    return true;
}

bool Stub::apply_action(Reader& packet, std::vector<std::optional<Move>>& moves) const {
    Move move = Move::Go;
    if (packet.take('s')) {
        move = Move::Step;
    } else if (packet.take('S') || packet.take('C')) {  // with a signal, of which guests know nothing
        if (!packet.number()) return false;
    } else if (!packet.take('c')) {
        return false;
    }
    int thread = -1;
    if (packet.take(':')) {
        const auto number = thread_number(packet);
        if (!number) return false;
        thread = *number;
    }
    for (std::size_t cpu = 0; cpu < moves.size(); ++cpu) {
        const bool meant =
            thread == -1 || (thread == 0 && cpu == current_) || static_cast<std::size_t>(thread) == cpu + 1;
        if (meant && !moves[cpu]) moves[cpu] = move;
    }
    return true;
}

Breakpoints Stub::breakpoints() const {
    Breakpoints breakpoints;
    for (const auto& [address, count] : code_) breakpoints.code.push_back(address);
    for (const Watch kind : {Watch::Write, Watch::Read, Watch::Access}) {
        for (const auto& [point, count] : data_[static_cast<char>(kind) - static_cast<char>(Watch::Write)]) {
            breakpoints.data.push_back({point.address, point.size, kind != Watch::Write, kind != Watch::Read});
        }
    }
    return breakpoints;
}

void Stub::go(const std::vector<Move>& moves) {
    running_ = true;
    target_.resume(moves, breakpoints());
}

void Stub::leave() {
    reply("OK");
    gone_ = true;
    target_.detach();
}

void Stub::stopped(const Stop& stop) {
    last_stop_ = stop;
    current_ = stop.cpu;
    if (!running_) return;
    running_ = false;
    reply(stop_reply(stop));
}

void Stub::restarted() {
    if (running_) go(std::vector<Move>(target_.cpus(), Move::Go));
}

void Stub::ended(int status) {
    if (running_) reply("W" + hex(static_cast<std::uint64_t>(status & 0xff)));
}

std::string Stub::stop_reply(const Stop& stop) const {
    const std::string thread = "thread:" + hex(stop.cpu + 1) + ";";
    if (!stop.debug) return std::string("T") + kInterrupted + thread;
    std::string text = std::string("T") + kTrap + thread;
    const cpu::DataBreakpoint& data = stop.debug->data;
    switch (stop.debug->event) {
        case cpu::DebugEvent::Step: return text;
        case cpu::DebugEvent::Code: return text + (code_.empty() ? "" : "swbreak:;");
        case cpu::DebugEvent::Data: break;
    }
    const char* const kind = !data.on_read ? "watch" : data.on_write ? "awatch" : "rwatch";
    return text + kind + ":" + hex(data.address) + ";";
}

}  // namespace hospes::gdb
