// A translated block as files of translations hold it: host code that can be put anywhere, and the guest bytes that it
// stands for. Its guest address is not among it: the same bytes give the same code wherever they lie.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/translator/cache/block.h"
#include "engine/translator/emit/relocation.h"

namespace hospes::translator {

// What begins it. Exits, points, relocations, constants, guest bytes, hot code and cold code follow, then zeroes up to
// `size`.
struct SavedHeader {
    std::uint32_t checksum;     // CRC-32C of all that follows `size`
    std::uint32_t size;         // in bytes, a multiple of 8
    std::uint32_t mode;         // Mode bits; kPlain: made without shared probes
    std::uint32_t page_offset;  // of the first instruction, in its code page
    std::uint16_t guest_size;   // bytes that the block was made from, look-ahead included
    std::uint16_t guest_length, instructions;
    std::uint16_t flags_live_in;
    std::uint16_t hot_size, cold_size, entry, entry_saved;
    std::uint16_t exits, points, relocations, constants;
};

struct SavedExit {
    enum Bit : std::uint8_t { kChangesAccess = 1, kChecked = 2, kFlagsSaved = 4 };
    std::int64_t target;
    std::uint16_t jump, frame_check;  // as CodePoint::host
    std::uint8_t bits, zero[3];
};

// A constant of 32 bits in the guest's bytes that may be an address in a Linux kernel, and where it is in the host
// code, as CodePoint::host. The block stands for all kernels that lie elsewhere, too (KASLR). Sorted.
struct SavedConstant {
    std::uint16_t guest, host;

    // Whether such an address may have been `from` and become `to`: kernels move by whole 2 MiB.
    static bool may_move(std::uint32_t from, std::uint32_t to) {
        return (to - from) % (1u << 21) == 0 && is_kernel_address(from) && is_kernel_address(to);
    }
    // Of a 64-bit kernel, whose high half is all ones, or of a 32-bit one. What is added to it stays negative.
    static bool is_kernel_address(std::uint32_t low_half) { return low_half >= 0x8100'0000 && low_half < 0xf000'0000; }
};

// One of them in memory, its bounds checked.
struct SavedBlock {
    const SavedHeader* header;
    std::span<const SavedExit> exits;
    std::span<const CodePoint> points;
    std::span<const Relocation> relocations;
    std::span<const SavedConstant> constants;
    std::span<const std::uint8_t> guest, hot, cold;

    // Whether guest code that begins with `bytes` may be translated to it: if its constants moved by different
    // distances, making it anew might have shared a probe, which is no duty.
    bool stands_for(std::span<const std::uint8_t> bytes) const;
};

// Lays out `block`, whose header's sizes and counts, checksum and size need not be set, at the end of `to`.
void append(std::vector<std::uint8_t>& to, SavedHeader header, const SavedBlock& block);

// The block that `bytes`, aligned to 8, begins with; nullopt if they are none, or were damaged.
std::optional<SavedBlock> read_saved_block(std::span<const std::uint8_t> bytes);

// By what blocks are looked up. `bytes` begin with those at the block's address; few are enough. None, for a block with
// constants.
std::uint32_t saved_block_key(Mode mode, std::uint32_t page_offset, std::span<const std::uint8_t> bytes);

std::uint32_t word_at(const std::uint8_t* bytes);

// CRC-32C, of whole 8 bytes.
std::uint32_t checksum_of(std::span<const std::uint8_t> bytes);

}  // namespace hospes::translator
