// Decoded instructions that blocks hand to C++, so that nothing is decoded at run time. The same instruction in many
// places is stored once.
#pragma once

#include <cstdint>

#include "base/reserved_array.h"
#include "base/result.h"
#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/decoder.h"
#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

struct StoredInstruction {
    DecodedInstruction decoded;
    Handler hot;  // does it with the guest's vector state in host registers; nullptr: execute() only
};

class SystemInstructions {
  public:
    static Result<SystemInstructions> create();

    // Index of the record of `instruction`, which may be a new one. Not to be called when full.
    std::uint32_t store(const Instruction& instruction, Mode mode);
    // No room for those of one more block, and, while translations are saved, for one more with each constant in it.
    bool is_full() const { return count_ + 3 * kMaxBlockInstructions > kCapacity; }
    void clear();

    [[gnu::always_inline]] const StoredInstruction& operator[](std::uint64_t index) const {
        return records_[index].stored;
    }

  private:
    // A hostile guest may have endless different ones; when this many are stored, the whole cache starts afresh.
    static constexpr std::uint32_t kCapacity = 1u << 14;
    static constexpr std::uint32_t kSlots = 2 * kCapacity;
    static constexpr std::uint32_t kFirst = 1;  // so that no index is 0, and emitted code loads each by the same form

    // What tells records apart: the bytes and the code size. Whether they are admitted follows from those.
    struct Key {
        std::uint64_t words[2];
        bool operator==(const Key& other) const { return words[0] == other.words[0] && words[1] == other.words[1]; }
    };
    struct Record {
        StoredInstruction stored;
        Key key;
    };

    SystemInstructions(ReservedArray<Record> records, ReservedArray<std::uint32_t> slots)
        : records_(std::move(records)), slots_(std::move(slots)) {}
    static Key key_of(const Instruction& instruction, Mode mode);

    ReservedArray<Record> records_;
    ReservedArray<std::uint32_t> slots_;  // hash table: index, 0 = empty
    std::uint32_t count_ = kFirst;
};

}  // namespace hospes::translator
