// Finding, linking and dropping blocks. Built with general registers only: it runs while the guest's vector state is
// in the host's registers.
#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

void CodeCache::make_plain(BlockIndex index) {
    const Block& block = blocks_[index];
    plain_.add(bucket_of(block.gpa, block.mode));
    KeptBlock& kept = kept_blocks_[kept_slot(block.gpa, block.mode)];
    if (kept.block == index) kept.block = 0;
    if (block.valid) invalidate_block(index);
}

std::uint32_t CodeCache::bucket_of(Gpa gpa, Mode mode) const {
    const std::uint64_t key = (gpa ^ static_cast<std::uint64_t>(mode.bits) << 46) * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<std::uint32_t>(key >> (64 - kBucketBits));
}

BlockIndex CodeCache::find(Gpa gpa, Mode mode) const {
    for (BlockIndex index = buckets_[bucket_of(gpa, mode)]; index != 0; index = blocks_[index].next_in_bucket) {
        if (blocks_[index].gpa == gpa && blocks_[index].mode == mode) return index;
    }
    return 0;
}

unsigned CodeCache::lines_of(const Block& block, PageLines pages[2]) const {
    const std::uint64_t to_page_end = kPageSize - (block.guard_begin & kPageMask);
    const std::uint64_t size = block.guard_end - block.guard_begin;
    const std::uint64_t first = size < to_page_end ? size : to_page_end;
    pages[0] = {ram_.page_index(block.guard_begin), lines_at(block.guard_begin, first)};
    if (block.straddled != kNotStraddled) {
        pages[1] = {ram_.page_index(block.straddled), lines_at(0, ZYDIS_MAX_INSTRUCTION_LENGTH)};
    } else if (size > first) {
        pages[1] = {ram_.page_index(block.guard_end - 1), lines_at(0, size - first)};
    } else {
        return 1;
    }
    if (pages[1].page != pages[0].page) return 2;
    pages[0].lines |= pages[1].lines;
    return 1;
}

LineSet CodeCache::lines_in(std::uint64_t page) const {
    LineSet lines = 0;
    for (BlockIndex index = page_blocks_[page]; index != 0; index = next_in_page(index, page)) {
        PageLines pages[2];
        const unsigned count = lines_of(blocks_[index], pages);
        for (unsigned i = 0; i < count; ++i) lines |= pages[i].page == page ? pages[i].lines : 0;
    }
    return lines;
}

void CodeCache::enter_lists(BlockIndex index) {
    Block& block = blocks_[index];
    BlockIndex& bucket = buckets_[bucket_of(block.gpa, block.mode)];
    block.next_in_bucket = bucket;
    bucket = index;
    PageLines pages[2];
    const unsigned count = lines_of(block, pages);
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t page = pages[i].page;
        enter_list(page_blocks_[page], index, links_in_page(page));
    }
}

void CodeCache::leave_lists(BlockIndex index) {
    const Block& block = blocks_[index];
    BlockIndex* link = &buckets_[bucket_of(block.gpa, block.mode)];
    while (*link != index) link = &blocks_[*link].next_in_bucket;
    *link = block.next_in_bucket;
    PageLines pages[2];
    const unsigned count = lines_of(block, pages);
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t page = pages[i].page;
        leave_list(page_blocks_[page], index, links_in_page(page));
    }
}

void CodeCache::patch32(CodeOffset at, std::uint32_t value) { __builtin_memcpy(memory_.writable() + at, &value, 4); }

void CodeCache::link(ExitIndex index, BlockIndex target) {
    if (!options_.link) return;
    ExitRecord& record = exits_[index];
    const Block& source = blocks_[record.source];
    Block& to = blocks_[target];
    // Of a single or bounced instruction each end matters to the dispatcher, and where breakpoints are, each block's.
    const bool must_return = source.mode.looked_at() || source.mode.has(Mode::kBounce);
    const bool in_page = static_cast<std::uint64_t>(record.target) < source.mode.page_size();
    if (must_return || !source.valid || !to.valid || (!record.checked && !in_page)) return;
    if (record.linked == target) return;  // the check in front of it sent the guest this way
    if (record.linked != 0) unlink(index);
    CodeOffset entry = record.flags_saved ? to.entry_saved : to.entry;
    if (record.checked) {
        entry = to.entry_indirect;
        const Gpa frame = to.gpa >> kPageBits;
        patch32(record.frame_check, static_cast<std::uint32_t>(frame << 1) | (to.mode.has(Mode::kLargePage) ? 1u : 0u));
    }
    patch32(record.jump, entry - (record.jump + 4));
    record.linked = target;
    enter_list(to.first_incoming, index, links_of_exits());
    ++counters_.links;
}

void CodeCache::unlink(ExitIndex index) {
    ExitRecord& record = exits_[index];
    leave_list(blocks_[record.linked].first_incoming, index, links_of_exits());
    record.linked = 0;
    patch32(record.jump, record.stub - (record.jump + 4));
}

bool CodeCache::made_from(const Block& block, Gpa gpa, std::uint64_t size) const {
    if (block.straddled != kNotStraddled) return true;  // rare: not looked at closely
    return gpa < block.guard_end && block.guard_begin < gpa + size;
}

// Of the at most two RAM pages that the block was made from.
unsigned CodeCache::page_number(const Block& block, std::uint64_t page) const {
    return ram_.page_index(block.guard_begin) == page ? 0 : 1;
}

bool CodeCache::overlaps_code(Gpa gpa, std::uint64_t size) const {
    const std::uint64_t page = ram_.page_index(gpa);
    for (BlockIndex index = page_blocks_[page]; index != 0; index = next_in_page(index, page)) {
        if (made_from(blocks_[index], gpa, size)) return true;
    }
    return false;
}

bool CodeCache::invalidate(Gpa gpa, std::uint64_t size) {
    bool any = false;
    const std::uint64_t page = ram_.page_index(gpa);
    for (BlockIndex index = page_blocks_[page]; index != 0;) {
        const Block& block = blocks_[index];
        const BlockIndex next = next_in_page(index, page);  // dropping a block takes no other one off the list
        if (made_from(block, gpa, size)) {
            invalidate_block(index);
            any = true;
        }
        index = next;
    }
    if (any) rewritten_pages_.add(page);
    return any;
}

BlockIndex CodeCache::revive(Gpa gpa, Mode mode) {
    if (!rewritten_pages_.may_hold(ram_.page_index(gpa))) return 0;  // a small filter: the rest is seldom in the cache
    const KeptBlock& kept = kept_blocks_[kept_slot(gpa, mode)];
    if (!kept.is_of(gpa, mode) || !can_run(kept.block)) return 0;
    Block& block = blocks_[kept.block];
    block.valid = true;
    enter_lists(kept.block);
    __builtin_memcpy(memory_.writable() + block.entry_indirect, kept.entry, sizeof kept.entry);
    ++counters_.revived_blocks;
    return kept.block;
}

bool CodeCache::can_run(BlockIndex index) const {
    const Block& block = blocks_[index];
    const KeptBlock& kept = kept_blocks_[kept_slot(block.gpa, block.mode)];
    return kept.fits(reinterpret_cast<const std::uint8_t*>(ram_.host(block.gpa, kept.length)));
}

// Nothing leads to the block, or away from it. (Jump caches are the caller's.)
void CodeCache::isolate(BlockIndex index) {
    Block& block = blocks_[index];
    block.valid = false;
    leave_lists(index);
    while (block.first_incoming != 0) unlink(block.first_incoming);
    for (ExitIndex i = block.first_exit; i < block.first_exit + block.exit_count; ++i) {
        if (exits_[i].linked != 0) unlink(i);
    }
}

// Jump cache entries that still lead here find a jump to the dispatcher.
void CodeCache::invalidate_block(BlockIndex index) {
    Block& block = blocks_[index];
    if (!block.valid) return;
    isolate(index);
    // T0 holds the guest address there, as at a jump cache miss.
    std::uint8_t* entry = memory_.writable() + block.entry_indirect;
    const auto distance =
        static_cast<std::int32_t>(thunks_.jump_cache_miss - (memory_.executable() + block.entry_indirect + 5));
    entry[0] = kDroppedEntry;
    __builtin_memcpy(entry + 1, &distance, 4);
    ++counters_.invalidated_blocks;
}

BlockIndex CodeCache::block_at(std::uint64_t host_pc) const {
    const auto offset = static_cast<CodeOffset>(host_pc - reinterpret_cast<std::uint64_t>(memory_.executable()));
    const bool cold = offset >= first_cold_;
    const unsigned segment = segment_at(offset);
    const BlockIndex first = segment_start(segment).block;
    BlockIndex low = first, high = block_end(segment);
    while (low < high) {  // the last block that begins at or before `offset`
        const BlockIndex middle = low + (high - low) / 2;
        if ((cold ? blocks_[middle].cold_begin : blocks_[middle].begin) <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const BlockIndex index = low - 1;
    return index >= first && offset < (cold ? blocks_[index].cold_end : blocks_[index].end) ? index : 0;
}

CodePosition CodeCache::position_at(const Block& block, std::uint64_t host_pc) const {
    const auto offset = static_cast<CodeOffset>(host_pc - reinterpret_cast<std::uint64_t>(memory_.executable()));
    const bool cold = offset >= first_cold_;
    const std::uint32_t inside = cold ? block.end - block.begin + (offset - block.cold_begin) : offset - block.begin;
    std::uint32_t low = 0, high = block.point_count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (points_[block.first_point + middle].host <= inside) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) return {0, true};  // before the first point there is no code
    const std::uint16_t guest = points_[block.first_point + low - 1].guest;
    return {static_cast<std::uint16_t>(guest & ~CodePoint::kFlagsSaved), (guest & CodePoint::kFlagsSaved) != 0};
}

}  // namespace hospes::translator
