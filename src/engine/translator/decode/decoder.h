// Stage 1: guest bytes to a list of instructions.
#pragma once

#include <cstdint>
#include <span>

#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/instruction.h"
#include "engine/translator/decode/memo.h"
#include "x86/cpuid_model.h"

namespace hospes::translator {

inline constexpr unsigned kMaxBlockInstructions = 48;

// Guest code as the decoder sees it: `bytes` runs to the end of the page, then, where the next page is known too,
// `more` bytes of that follow in `next_page`.
struct CodeView {
    const std::uint8_t* bytes;
    std::uint64_t length;
    const std::uint8_t* next_page = nullptr;  // for an instruction that straddles; may be nullptr
};

class Decoder {
  public:
    explicit Decoder(const x86::CpuidModel& model);

    // Decodes one instruction at `view` into `out` with all that classification tells. False: not an instruction
    // of this mode and model (out.kind is then System, and execute() gives #UD), or it runs past the view
    // (out.decoded.info.length is then 0).
    bool decode(const CodeView& view, Mode mode, Instruction& out) const;

    // Decodes a block from `offset` in its page, at most `limit` instructions: up to and with the first one that
    // ends a block, or to the page's end. Returns the count, at least 1 if the first instruction lies in the view.
    unsigned decode_block(const CodeView& view, Mode mode, std::uint32_t offset, unsigned limit,
                          std::span<Instruction> out);

  private:
    void classify(Instruction& out, Mode mode) const;

    bool decode_or_recall(const CodeView& view, Mode mode, Instruction& out);

    const x86::CpuidModel& model_;
    ZydisDecoder decoders_[3];  // 64-bit, compatibility 32, legacy 16
    DecodeMemo memo_;
};

// Whether control never simply falls through to the next instruction inside a block.
bool ends_block(Kind kind);

}  // namespace hospes::translator
