// The ring of segments: what is dropped when the code cache is full.
#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {

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

// The host code of the blocks is about to be overwritten: no block may lead there. (Jump caches are the caller's.)
void CodeCache::empty_segment(unsigned number) {
    const Segment start = segment_start(number);
    const BlockIndex end = block_ends_[number];
    for (BlockIndex index = start.block; index < end; ++index) {
        if (blocks_[index].valid) isolate(index);
    }
    for (std::uint32_t slot = 0; slot < kKeptBlocks; ++slot) {
        KeptBlock& kept = kept_blocks_[slot];
        if (kept.block >= start.block && kept.block < end) kept.block = 0;
    }
}

}  // namespace hospes::translator
