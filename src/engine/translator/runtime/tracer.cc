#include "engine/translator/runtime/tracer.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include <Zydis/Zydis.h>

namespace hospes::translator {

namespace {

struct Line {
    std::uint64_t address;  // from the start of the code
    unsigned length;
    std::string text;
};

std::vector<Line> disassemble(const std::uint8_t* bytes, std::size_t size, std::uint64_t runs_at, Mode mode) {
    ZydisDecoder decoder;
    const bool wide = mode.has(Mode::kCode64);
    ZydisDecoderInit(&decoder, wide ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     wide ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    std::vector<Line> lines;
    for (std::size_t at = 0; at < size;) {
        ZydisDecodedInstruction info;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        char text[128];
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes + at, size - at, &info, operands))) {
            lines.push_back({at, 1, "(bad)"});
            break;
        }
        ZydisFormatterFormatInstruction(&formatter, &info, operands, info.operand_count_visible, text, sizeof text,
                                        runs_at + at, nullptr);
        lines.push_back({at, info.length, text});
        at += info.length;
    }
    return lines;
}

const char* name_of(CodeExit exit) {
    static constexpr const char* kNames[] = {"link", "indirect", "system", "resume", "slow", "host-fault"};
    return kNames[static_cast<unsigned>(exit)];
}

}  // namespace

void Tracer::name_block(const CodeCache& cache, BlockIndex index) {
    const Block& block = cache.block(index);
    const auto name = [&](CodeOffset begin, CodeOffset end, const char* part) {
        std::fprintf(map_, "%lx %x guest_%llx_%s_%x%s\n", reinterpret_cast<unsigned long>(cache.host_address(begin)),
                     end - begin, static_cast<unsigned long long>(block.gpa), block.mode.user() ? "user" : "kernel",
                     block.mode.bits, part);
    };
    name(block.begin, block.end, "");
    name(block.cold_begin, block.cold_end, "_cold");
    std::fflush(map_);
}

// Guest instructions on the left, the host's that came of each on the right.
void Tracer::show_block(const CodeCache& cache, BlockIndex index) const {
    const Block& block = cache.block(index);
    std::vector<std::uint8_t> bytes(block.guest_length);
    cache.read_guest(block, bytes.data());
    const std::vector<Line> guest = disassemble(bytes.data(), bytes.size(), block.page_offset, block.mode);
    const auto host_code = [&](CodeOffset begin, CodeOffset end) {
        const std::uint8_t* code = cache.host_address(begin);
        return disassemble(code, end - begin, reinterpret_cast<std::uint64_t>(code), Mode{Mode::kCode64});
    };
    std::string out = "block " + std::to_string(index) + ": " + std::to_string(guest.size()) + " instructions, " +
                      std::to_string(block.guest_length) + " bytes -> " + std::to_string(block.end - block.begin) +
                      " and " + std::to_string(block.cold_end - block.cold_begin) + "\n";
    std::size_t next = 0;
    for (const Line& line : host_code(block.begin, block.end)) {
        const auto pc = reinterpret_cast<std::uint64_t>(cache.host_address(block.begin)) + line.address;
        const unsigned at = cache.position_at(block, pc).guest_offset;
        std::string left;
        if (next < guest.size() && at >= guest[next].address && line.address >= block.entry - block.begin) {
            char text[80];
            std::snprintf(text, sizeof text, "%6" PRIx64 "  %s", block.gpa + at, guest[next++].text.c_str());
            left = text;
        }
        left.resize(std::max<std::size_t>(left.size(), 52), ' ');
        out += left + "| " + line.text + "\n";
    }
    for (const Line& line : host_code(block.cold_begin, block.cold_end)) {
        out += std::string(46, ' ') + "cold  | " + line.text + "\n";
    }
    std::fputs(out.c_str(), stderr);
}

void Tracer::exit(const GuestState& state, CodeExit exit) const {
    std::fprintf(stderr, "exit %s page_base %#llx target %#llx record %#llx\n", name_of(exit),
                 static_cast<unsigned long long>(state.page_base), static_cast<unsigned long long>(state.exit_target),
                 static_cast<unsigned long long>(state.exit_record));
}

void Tracer::fault(const GuestState& state, unsigned vector, bool interrupt, std::uint32_t error_code,
                   Gva address) const {
    std::fprintf(stderr, "%s %u error %#x at rip %#llx cpl %u rsp %#llx address %#llx\n",
                 interrupt ? "interrupt" : "fault", vector, error_code, static_cast<unsigned long long>(state.rip),
                 state.cpl, static_cast<unsigned long long>(state.gpr[x86::RSP]),
                 static_cast<unsigned long long>(address));
}

}  // namespace hospes::translator
