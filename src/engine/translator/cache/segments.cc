// The ring of segments: what is dropped when the code cache is full.
#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

namespace {
constexpr BlockIndex kOffTheList = ~BlockIndex{0};  // in next_in_page, of a block whose segment is being emptied
}

// Segment `segments_` is the end.
CodeCache::Segment CodeCache::segment_start(unsigned number) const {
    const std::uint32_t blocks = static_cast<std::uint32_t>(memory_.size() / kBytesPerBlock) / segments_ * number;
    return {first_code_ + code_share() * number, first_cold_ + cold_share() * number, 1 + blocks,
            1 + blocks * kExitsPerBlock, blocks * kPointsPerBlock};
}

unsigned CodeCache::segment_at(CodeOffset offset) const {
    const unsigned found =
        offset >= first_cold_ ? (offset - first_cold_) / cold_share() : (offset - first_code_) / code_share();
    return found < segments_ ? found : segments_ - 1;
}

std::uint64_t CodeCache::code_bytes() const {
    std::uint64_t bytes = 0;
    for (unsigned i = 0; i < segments_; ++i) {
        const Segment start = segment_start(i);
        if (block_end(i) == start.block) continue;
        const Block& last = blocks_[block_end(i) - 1];
        bytes += last.end - start.code + last.cold_end - start.cold;
    }
    return bytes;
}

bool CodeCache::is_full() const {
    const Segment end = segment_start(segment_ + 1);
    return cursor_ + BlockEmitter::kMaxBlockBytes > end.code ||
           cold_cursor_ + BlockEmitter::kMaxBlockBytes > end.cold || block_count_ >= end.block ||
           exit_count_ + kMostExits > end.exit || point_count_ + kMostPoints > end.point;
}

void CodeCache::start_segment(unsigned number) {
    const Segment start = segment_start(number);
    segment_ = number;
    cursor_ = start.code;
    cold_cursor_ = start.cold;
    block_count_ = start.block;
    exit_count_ = start.exit;
    point_count_ = start.point;
    hot_memory_.start_at(start.code);
    cold_memory_.start_at(start.cold - first_cold_);
    blocks_.start_at(start.block);
    exits_.start_at(start.exit);
    points_.start_at(start.point);
}

// With all segments empty.
void CodeCache::start_again() {
    for (unsigned i = 0; i < segments_; ++i) block_ends_[i] = segment_start(i).block;
    plain_.clear();
    rewritten_pages_.clear();
    start_segment(0);
}

void CodeCache::next_segment() {
    block_ends_[segment_] = block_count_;
    const unsigned next = (segment_ + 1) % segments_;
    if (next == 0) {  // what these filters hold is old
        plain_.clear();
        rewritten_pages_.clear();
    }
    if (block_ends_[next] != segment_start(next).block) {
        ++counters_.evictions;
        empty_segment(next);
    }
    start_segment(next);
}

// Of `target`'s list of exits that lead to it, those of one segment, all at once: lists of popular blocks are long.
void CodeCache::drop_incoming(BlockIndex target, ExitIndex first, ExitIndex end) {
    for (ExitIndex* link = &blocks_[target].incoming; *link != 0;) {
        ExitRecord& exit = exits_[*link];
        if (*link >= first && *link < end) {
            exit.linked = 0;
            *link = exit.next_incoming;
        } else {
            link = &exit.next_incoming;
        }
    }
}

// The same for the list of a page, which names the oldest last.
void CodeCache::drop_from_page(std::uint64_t page, BlockIndex first, BlockIndex end) {
    for (BlockIndex* link = &page_blocks_[page]; *link != 0;) {
        Block& block = blocks_[*link];
        BlockIndex& next = block.next_in_page[ram_.page_index(block.guard_begin) == page ? 0 : 1];
        if (*link >= first && *link < end) {
            *link = next;
            next = kOffTheList;
        } else {
            link = &next;
        }
    }
}

// The host code of the blocks is about to be overwritten: no block may lead there. (Jump caches are the caller's.)
void CodeCache::empty_segment(unsigned number) {
    const Segment start = segment_start(number);
    const BlockIndex end = block_ends_[number];
    const ExitIndex exits_end = segment_start(number + 1).exit;
    for (BlockIndex index = start.block; index < end; ++index) {
        Block& block = blocks_[index];
        if (!block.valid) continue;
        for (ExitIndex i = block.first_exit; i < block.first_exit + block.exit_count; ++i) {
            if (exits_[i].linked != 0) drop_incoming(exits_[i].linked, start.exit, exits_end);
        }
        while (block.incoming != 0) unlink(block.incoming);
        leave_bucket(index);
        PageLines pages[2];
        const unsigned count = lines_of(block, pages);
        for (unsigned i = 0; i < count; ++i) {
            if (block.next_in_page[i] != kOffTheList) drop_from_page(pages[i].page, start.block, end);
        }
        block.valid = false;
    }
    for (std::uint32_t slot = 0; slot < kKeptBlocks; ++slot) {
        KeptBlock& kept = kept_blocks_[slot];
        if (kept.block >= start.block && kept.block < end) kept.block = 0;
    }
}

}  // namespace hospes::translator
