// What --trace shows and what profilers are told.
#pragma once

#include <cstdint>
#include <cstdio>

#include "engine/translator/cache/code_cache.h"
#include "engine/translator/engine.h"

namespace hospes::translator {

class Tracer {
  public:
    // `perf_map` may be nullptr.
    Tracer(std::uint32_t what, std::FILE* perf_map) : what_(what), map_(perf_map) {}

    [[gnu::always_inline]] bool wants(Trace what) const { return (what_ & what) != 0; }

    // A new block: guest code beside host code, and its name for profilers.
    void translated(const CodeCache& cache, BlockIndex index) {
        if (map_ != nullptr) name_block(cache, index);
        if (wants(kTraceBlocks)) show_block(cache, index);
    }
    void exit(const GuestState& state, CodeExit exit) const;
    void fault(const GuestState& state, unsigned vector, bool interrupt, std::uint32_t error_code, Gva address) const;

  private:
    void name_block(const CodeCache& cache, BlockIndex index);
    void show_block(const CodeCache& cache, BlockIndex index) const;

    std::uint32_t what_;
    std::FILE* map_;
};

}  // namespace hospes::translator
