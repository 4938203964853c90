#include "engine/translator/cache/system_instructions.h"

#include <cstring>

namespace hospes::translator {

Result<SystemInstructions> SystemInstructions::create() {
    auto records = HOSPES_TRY(ReservedArray<Record>::create(kCapacity));
    auto slots = HOSPES_TRY(ReservedArray<std::uint32_t>::create(kSlots));
    return SystemInstructions(std::move(records), std::move(slots));
}

SystemInstructions::Key SystemInstructions::key_of(const Instruction& instruction, Mode mode) {
    std::uint8_t bytes[16] = {};
    // What is no instruction is all the same: #UD, or #GP for too many bytes.
    const bool known = instruction.info().mnemonic != ZYDIS_MNEMONIC_INVALID;
    if (known) std::memcpy(bytes, instruction.bytes, instruction.length());
    const unsigned code_size = mode.bits & (Mode::kCode64 | Mode::kCode32);
    const unsigned too_long = instruction.decoded.too_long ? 0x40 : 0;
    bytes[15] = static_cast<std::uint8_t>(too_long | code_size << 4 | (known ? instruction.length() : 0u));
    Key key;
    std::memcpy(key.words, bytes, sizeof bytes);
    return key;
}

std::uint32_t SystemInstructions::store(const Instruction& instruction, Mode mode) {
    const Key key = key_of(instruction, mode);
    const std::uint64_t hash = (key.words[0] ^ key.words[1] * 0xff51'afd7'ed55'8ccdu) * 0x9e37'79b9'7f4a'7c15u;
    std::uint64_t slot = hash >> 40;
    for (;; ++slot) {
        const std::uint32_t found = slots_[slot % kSlots];
        if (found == 0) break;
        if (records_[found].key == key) return found;
    }
    const DecodedInstruction& decoded = instruction.decoded;
    const bool hot = decoded.admitted && is_hot(decoded);
    records_[count_] = {{decoded, hot ? hot_handler(decoded.info.mnemonic) : nullptr}, key};
    slots_[slot % kSlots] = count_;
    return count_++;
}

void SystemInstructions::clear() {
    slots_.reset();
    count_ = kFirst;
}

}  // namespace hospes::translator
