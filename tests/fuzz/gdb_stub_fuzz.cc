// What a debugger sends, in pieces of any size. Promises: bounded answers, memory and breakpoints; a VM that runs is
// asked for nothing but to stop; what is answered is a packet each.
#include <algorithm>
#include <string>

#include "fuzz_input.h"
#include "gdb/fake_target.h"
#include "gdb/stub.h"

namespace {

using namespace hospes;
using namespace hospes::gdb;
using fuzz::require;

}  // namespace

// Input: the size of the pieces, then the bytes. '~' among them: the VM stops by itself. Lines are made packets, so
// that mutations need not find checksums.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string bytes, line;
    for (std::size_t i = 1; i < size; ++i) {
        if (data[i] != '\n') {
            line += static_cast<char>(data[i]);
            continue;
        }
        bytes += framed(line);
        line.clear();
    }
    bytes += line;
    FakeTarget target;
    std::string sent;
    Stub stub(target, [&](std::string more) { sent += more; });
    const std::size_t step = data[0] + std::size_t{1};
    bool stays = true;
    for (std::size_t at = 0; at < bytes.size() && stays; at += step) {
        const std::string piece = bytes.substr(at, step);
        stays = stub.receive(piece);
        if (target.running && piece.find('~') != std::string::npos) {
            target.running = false;
            stub.stopped({static_cast<unsigned>(piece.size() % 2), std::nullopt});
        }
    }
    require(stays != (target.detached || target.killed));
    require(target.breakpoints.code.size() <= 4096 && target.breakpoints.data.size() <= 3 * 64);
    PacketReader reader;
    for (const auto& event : reader.take(sent)) {
        require(event.kind == PacketReader::Kind::Packet || event.kind == PacketReader::Kind::Refused);
    }
    return 0;
}
