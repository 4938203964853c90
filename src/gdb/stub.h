// GDB's remote serial protocol over a Target: what each packet does. All-stop; each CPU is a thread, the first one 1.
//
// It sees no socket and takes no lock: bytes go in and out, and whoever owns it calls it from one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gdb/hex.h"
#include "gdb/packets.h"
#include "gdb/registers.h"
#include "gdb/target.h"

namespace hospes::gdb {

// Why a VM has stopped, and on which CPU.
struct Stop {
    unsigned cpu = 0;
    std::optional<cpu::DebugStop> debug;  // nullopt: it was interrupted
};

class Stub {
  public:
    // `send`: takes bytes for the debugger.
    Stub(Target& target, std::function<void(const std::string&)> send);

    // From the debugger, as they come. False: it has left, by a packet that says so.
    bool receive(std::string_view bytes);
    // The VM has stopped after resume() or interrupt().
    void stopped(const Stop& stop);
    // The VM has started again, and nothing was asked of it yet.
    void restarted();
    // The VM has ended, with `status` for a shell.
    void ended(int status);

  private:
    enum class Watch : char { Write = '2', Read = '3', Access = '4' };
    struct Point {
        Gva address;
        std::uint64_t size;
        auto operator<=>(const Point&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
    };

    void reply(std::string_view payload);
    void answer(std::string_view packet);
    // Packets that are about a stopped VM; nullopt: not one of them.
    std::optional<std::string> answer_general(Reader& packet, char kind);
    std::string answer_query(Reader& packet);
    std::string answer_set(Reader& packet);
    std::string features(Reader& packet) const;
    std::string thread_extra(Reader& packet);
    std::string select_thread(Reader& packet);
    std::string thread_alive(Reader& packet) const;

    std::string read_registers();
    std::string write_registers(std::string_view digits);
    std::string read_register(Reader& packet);
    std::string write_register(Reader& packet);
    std::string read_memory(Reader& packet);
    std::string write_memory(Reader& packet, bool binary);
    std::string change_breakpoint(Reader& packet, bool insert);
    bool change_code(Gva address, bool insert);
    bool change_data(Watch kind, Point point, bool insert);

    // Execution. False: the packet makes no sense.
    bool resume_all(Reader& packet, Move move);
    bool resume_by_thread(Reader& packet);
    bool apply_action(Reader& packet, std::vector<std::optional<Move>>& moves) const;
    void go(const std::vector<Move>& moves);
    Breakpoints breakpoints() const;
    void leave();

    std::string stop_reply(const Stop& stop) const;
    // A thread's number in a packet: 0 and -1 are any and all.
    std::optional<int> thread_number(Reader& packet) const;

    Target& target_;
    const Registers registers_;
    std::function<void(const std::string&)> send_;
    PacketReader reader_;
    bool acknowledges_ = true;
    bool gone_ = false;
    bool running_ = false;
    std::string last_;  // sent again if it came damaged
    Stop last_stop_;
    unsigned current_ = 0;          // CPU of g, m and so on
    std::map<Gva, unsigned> code_;  // how often it was set: software and hardware ones are the same here
    std::map<Point, unsigned> data_[3];
};

}  // namespace hospes::gdb
