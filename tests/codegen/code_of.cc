#include "code_of.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <Zydis/Zydis.h>

#include "engine/translator/guest_state.h"

namespace hospes::codegen {

namespace {

using namespace translator;

constexpr Gpa kCode = 0x100040;  // in its page far enough from the ends
constexpr std::uint64_t kRam = 4u << 20;
constexpr std::size_t kCodeMemory = 4u << 20;

// Nothing runs here, so nothing calls it.
std::uint64_t no_slow_path(GuestState*, std::uint64_t, std::uint32_t, std::uint64_t) { std::abort(); }

template <typename T>
T must(Result<T> result) {
    if (result.ok()) return std::move(*result);
    std::fprintf(stderr, "codegen: %s\n", result.error().message().c_str());
    std::exit(2);
}

TranslateOptions at_most(unsigned instructions) {
    TranslateOptions options;
    options.block_limit = instructions;
    return options;
}

struct Field {
    std::size_t offset, size;
    const char* name;
};
#define FIELD(name) \
    { offsetof(GuestState, name), sizeof(GuestState::name), #name }
constexpr Field kFields[] = {FIELD(gpr),          FIELD(page_base),    FIELD(scratch),    FIELD(windows),
                             FIELD(saved_flags),  FIELD(attention),    FIELD(mask_index), FIELD(mask_page),
                             FIELD(segment_base), FIELD(stack_window), FIELD(code_tlb),   FIELD(jump_cache),
                             FIELD(tlb)};
#undef FIELD

// "tlb+0x10": what lies there in the engine's memory; the offset from the field's begin.
std::string name_in_state(std::int64_t offset) {
    for (const Field& field : kFields) {
        const std::int64_t inside = offset - static_cast<std::int64_t>(field.offset);
        if (inside < 0 || inside >= static_cast<std::int64_t>(field.size)) continue;
        char text[64];
        std::snprintf(text, sizeof text, inside == 0 ? "%s" : "%s+0x%llx", field.name,
                      static_cast<unsigned long long>(inside));
        return text;
    }
    return "state";
}

struct HostLine {
    ZydisDecodedInstruction info;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    std::string text;
};

std::vector<HostLine> decode(std::span<const std::uint8_t> bytes, bool code64 = true) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, code64 ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LONG_COMPAT_32,
                     code64 ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    std::vector<HostLine> lines;
    while (!bytes.empty()) {
        HostLine line;
        char text[128] = "(bad)";
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &line.info, line.operands))) {
            line.info.length = 1;
        } else {
            ZydisFormatterFormatInstruction(&formatter, &line.info, line.operands, line.info.operand_count_visible,
                                            text, sizeof text, ZYDIS_RUNTIME_ADDRESS_NONE, nullptr);
        }
        line.text = text;
        bytes = bytes.subspan(line.info.length);
        lines.push_back(std::move(line));
    }
    return lines;
}

// [rsp+0x2340] and the like are the engine's own: puts the field's name in the displacement's place.
void name_field(HostLine& line) {
    for (unsigned i = 0; i < line.info.operand_count_visible; ++i) {
        const ZydisDecodedOperand& operand = line.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.base != ZYDIS_REGISTER_RSP) continue;
        const std::size_t end = line.text.find(']');
        const std::size_t begin = line.text.rfind("+0x", end);
        const bool has_displacement = begin != std::string::npos && operand.mem.disp.value != 0;
        const std::string name = "+" + name_in_state(operand.mem.disp.value);
        line.text.replace(has_displacement ? begin : end, has_displacement ? end - begin : 0, name);
    }
}

// Jumps out of the block lead to what runs seldom, or to another block once they are linked.
void name_target(HostLine& line, std::size_t at, std::size_t size) {
    const ZydisDecodedOperand& operand = line.operands[0];
    if (operand.type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operand.imm.is_relative) return;
    const std::int64_t target = static_cast<std::int64_t>(at + line.info.length) + operand.imm.value.s;
    const bool inside = target >= 0 && target < static_cast<std::int64_t>(size);
    const std::string mnemonic = line.text.substr(0, line.text.find(' '));
    line.text = mnemonic + (inside ? " +" + std::to_string(target - static_cast<std::int64_t>(at)) : " cold");
}

}  // namespace

std::vector<std::string> disassemble(std::span<const std::uint8_t> bytes, bool code64) {
    std::vector<std::string> texts;
    for (HostLine& line : decode(bytes, code64)) texts.push_back(std::move(line.text));
    return texts;
}

Code::Code(std::span<const std::uint8_t> guest, unsigned instructions, bool code64)
    : ram_(must(memory::GuestRam::create(kRam))),
      model_(must(x86::CpuidModel::create("x86-64-v3", {}))),
      memory_(must(CodeMemory::create(kCodeMemory))),
      cache_(must(CodeCache::create(*memory_, *ram_, model_, &no_slow_path, at_most(instructions)))) {
    std::memcpy(ram_->host(kCode, guest.size()), guest.data(), guest.size());
    const Mode mode{Mode::kCpl3 | (code64 ? unsigned{Mode::kCode64} : Mode::kCode32 | Mode::kStack32)};
    block_ = cache_->translate(kCode, mode, static_cast<std::uint32_t>(kCode & kPageMask), kNotStraddled);
}

unsigned Code::guest_length() const { return block_ == 0 ? 0 : cache_->block(block_).guest_length; }

std::vector<std::string> Code::host_lines() const {
    const Block& block = cache_->block(block_);
    const std::size_t size = block.end - block.entry;
    std::vector<std::string> texts;
    std::size_t at = 0;
    for (HostLine& line : decode({cache_->host_address(block.entry), size})) {
        name_field(line);
        name_target(line, at, size);
        at += line.info.length;
        texts.push_back(std::move(line.text));
    }
    return texts;
}

}  // namespace hospes::codegen
