// Which pages of guest RAM are written: for whoever keeps a copy of it, as snapshots, migration and screens do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "memory/guest_ram.h"

namespace hospes::cpu {

// The log of a range of guest RAM, kept from its making to its end.
//
// Written is what a vCPU's instructions store, what it stores for them (page tables' A and D bits, an exception's
// frame) and what devices store, from when Engine::memory_written() is told of it. No write is lost: whoever fetches
// the log and then copies the pages that it names has in the copy each write, or is told of it by a later fetch. A page
// that is written during a fetch is in that one, in the next one or in both. A page may be named without having been
// written: a vCPU was about to.
//
// Threads: made, fetched and ended by any that is in no Vcpu::run(), and that holds no lock which a call of VcpuHost
// waits for: each may wait until running vCPUs have come to the end of an instruction. One at a time uses the same log.
// It ends before its engine.
class DirtyLog {
  public:
    virtual ~DirtyLog() = default;

    // Gives the pages written since the log was made or last fetched, and begins again. Bit i % 64 of pages[i / 64] is
    // page i of the range, of 4 KiB; `pages` has room for all of them, and bits past the end become 0.
    // Errors: the host's, with the log's pages then still in it.
    virtual Result<void> fetch(std::span<std::uint64_t> pages) = 0;
};

// Pages of RAM, by GuestRam::page_index().
struct PageRange {
    std::uint64_t first = 0, count = 0;

    bool overlaps(const PageRange& other) const {
        return first < other.first + other.count && other.first < first + count;
    }
    bool operator==(const PageRange&) const = default;
};

// The ranges of an engine's logs: none of them overlap. Of one thread at a time.
class LoggedRanges {
  public:
    // Errors: no RAM, not in one piece, not whole pages, or logged already.
    Result<PageRange> add(const memory::GuestRam& ram, Gpa gpa, std::uint64_t length);
    void remove(const PageRange& range);
    bool any_in(const PageRange& range) const;

  private:
    std::vector<PageRange> ranges_;
};

}  // namespace hospes::cpu
