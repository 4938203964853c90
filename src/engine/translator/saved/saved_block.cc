#include "engine/translator/saved/saved_block.h"

#include <algorithm>
#include <cstring>

namespace hospes::translator {

namespace {

static_assert(sizeof(SavedHeader) == 40 && sizeof(SavedExit) == 16 && sizeof(Relocation) == 4);

template <typename T>
void put(std::vector<std::uint8_t>& to, std::span<const T> items) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(items.data());
    to.insert(to.end(), bytes, bytes + items.size_bytes());
}

// Takes `count` items from the beginning of `bytes`, which are as many.
template <typename T>
std::span<const T> take(std::span<const std::uint8_t>& bytes, std::size_t count) {
    const std::span<const T> items(reinterpret_cast<const T*>(bytes.data()), count);
    bytes = bytes.subspan(items.size_bytes());
    return items;
}

std::uint64_t contents_size(const SavedHeader& header) {
    return sizeof header + header.exits * sizeof(SavedExit) + header.points * sizeof(CodePoint) +
           header.relocations * sizeof(Relocation) + header.constants * sizeof(SavedConstant) + header.guest_size +
           header.hot_size + header.cold_size;
}

std::size_t width_of(Relocation::Kind kind) { return kind == Relocation::Kind::System ? 8 : 4; }

// Whether all that is patched lies in the code.
bool is_sound(const SavedBlock& block) {
    const std::size_t size = block.hot.size() + block.cold.size();
    const auto fits = [&](std::size_t at, std::size_t width) {
        return at + width <= block.hot.size() || (at >= block.hot.size() && at + width <= size);
    };
    for (const SavedExit& exit : block.exits) {
        if (!fits(exit.jump, 4) || !fits(exit.frame_check, 4)) return false;
    }
    for (const Relocation& relocation : block.relocations) {
        if (relocation.kind > Relocation::Kind::System) return false;
        if (!fits(relocation.at, width_of(relocation.kind))) return false;
    }
    for (const SavedConstant& constant : block.constants) {
        if (!fits(constant.host, 4) || constant.guest + std::size_t{4} > block.guest.size()) return false;
    }
    const SavedHeader& header = *block.header;
    return header.entry < header.hot_size && header.entry_saved < header.hot_size && header.instructions != 0 &&
           header.guest_length <= header.guest_size;
}

}  // namespace

[[gnu::target("sse4.2")]] std::uint32_t checksum_of(std::span<const std::uint8_t> bytes) {
    std::uint64_t crc = 0xffff'ffff;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + at, 8);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    return ~static_cast<std::uint32_t>(crc);
}

void append(std::vector<std::uint8_t>& to, SavedHeader header, const SavedBlock& block) {
    header.guest_size = static_cast<std::uint16_t>(block.guest.size());
    header.hot_size = static_cast<std::uint16_t>(block.hot.size());
    header.cold_size = static_cast<std::uint16_t>(block.cold.size());
    header.exits = static_cast<std::uint16_t>(block.exits.size());
    header.points = static_cast<std::uint16_t>(block.points.size());
    header.relocations = static_cast<std::uint16_t>(block.relocations.size());
    header.constants = static_cast<std::uint16_t>(block.constants.size());
    header.size = static_cast<std::uint32_t>((contents_size(header) + 7) & ~std::uint64_t{7});
    const std::size_t begin = to.size();
    put(to, std::span<const SavedHeader>(&header, 1));
    put(to, block.exits);
    put(to, block.points);
    put(to, block.relocations);
    put(to, block.constants);
    put(to, block.guest);
    put(to, block.hot);
    put(to, block.cold);
    to.resize(begin + header.size);
    const std::uint32_t checksum = checksum_of(std::span(to).subspan(begin + 8));
    std::memcpy(to.data() + begin, &checksum, sizeof checksum);
}

std::optional<SavedBlock> read_saved_block(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < sizeof(SavedHeader)) return {};
    const auto* header = reinterpret_cast<const SavedHeader*>(bytes.data());
    if (header->size > bytes.size() || header->size % 8 != 0 || contents_size(*header) > header->size) return {};
    if (checksum_of(bytes.subspan(8, header->size - 8)) != header->checksum) return {};
    std::span<const std::uint8_t> rest = bytes.subspan(sizeof *header);
    SavedBlock block{};
    block.header = header;
    block.exits = take<SavedExit>(rest, header->exits);
    block.points = take<CodePoint>(rest, header->points);
    block.relocations = take<Relocation>(rest, header->relocations);
    block.constants = take<SavedConstant>(rest, header->constants);
    block.guest = take<std::uint8_t>(rest, header->guest_size);
    block.hot = take<std::uint8_t>(rest, header->hot_size);
    block.cold = take<std::uint8_t>(rest, header->cold_size);
    if (!is_sound(block)) return {};
    return block;
}

bool SavedBlock::stands_for(std::span<const std::uint8_t> bytes) const {
    if (guest.size() > bytes.size()) return false;
    std::size_t at = 0;
    const auto equal_to = [&](std::size_t end) { return std::memcmp(&guest[at], &bytes[at], end - at) == 0; };
    for (const SavedConstant& constant : constants) {
        if (constant.guest < at) continue;  // the same once more
        const std::uint32_t from = word_at(&guest[constant.guest]), to = word_at(&bytes[constant.guest]);
        if (!equal_to(constant.guest) || !SavedConstant::may_move(from, to)) return false;
        at = constant.guest + std::size_t{4};
    }
    return at == guest.size() || equal_to(guest.size());
}

std::uint32_t word_at(const std::uint8_t* bytes) {
    std::uint32_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

std::uint32_t saved_block_key(Mode mode, std::uint32_t page_offset, std::span<const std::uint8_t> bytes) {
    std::uint64_t first = 0;
    if (!bytes.empty()) std::memcpy(&first, bytes.data(), std::min(bytes.size(), sizeof first));
    const std::uint64_t place = std::uint64_t{mode.bits} << 32 | page_offset;
    const std::uint64_t mixed = (first ^ place * 0xff51'afd7'ed55'8ccdu) * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<std::uint32_t>(mixed >> 32);
}

}  // namespace hospes::translator
