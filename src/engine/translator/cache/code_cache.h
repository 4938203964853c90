// All translated code of one vCPU: found by guest physical address and mode, linked block to block, and thrown away
// when the guest writes the bytes it came from.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/populate_ahead.h"
#include "base/reserved_array.h"
#include "cpu/counters.h"
#include "engine/translator/cache/block.h"
#include "engine/translator/cache/code_memory.h"
#include "engine/translator/cache/kept_block.h"
#include "engine/translator/cache/page_states.h"
#include "engine/translator/cache/portable_code.h"
#include "engine/translator/cache/system_instructions.h"
#include "engine/translator/decode/decoder.h"
#include "engine/translator/emit/block_emitter.h"
#include "engine/translator/emit/thunks.h"
#include "engine/translator/filter.h"
#include "engine/translator/optimisations.h"
#include "engine/translator/saved/translation_file.h"
#include "engine/translator/saved/translation_recorder.h"
#include "memory/guest_ram.h"

namespace hospes::translator {

struct CodeCacheCounters {
    std::uint64_t translated_blocks = 0;
    std::uint64_t translated_instructions = 0;
    std::uint64_t translation_nanoseconds = 0;
    std::uint64_t loaded_blocks = 0;  // instead of being translated
    std::uint64_t loading_nanoseconds = 0;
    std::uint64_t invalidated_blocks = 0;
    std::uint64_t revived_blocks = 0;
    std::uint64_t flushes = 0;    // everything
    std::uint64_t evictions = 0;  // a segment
    std::uint64_t eviction_nanoseconds = 0;
    std::uint64_t links = 0;

    static const cpu::NamedCounter<CodeCacheCounters> kNamed[11];
};

inline constexpr cpu::NamedCounter<CodeCacheCounters> CodeCacheCounters::kNamed[] = {
    {"translated_blocks", &CodeCacheCounters::translated_blocks},
    {"translated_instructions", &CodeCacheCounters::translated_instructions},
    {"translation_nanoseconds", &CodeCacheCounters::translation_nanoseconds},
    {"loaded_blocks", &CodeCacheCounters::loaded_blocks},
    {"loading_nanoseconds", &CodeCacheCounters::loading_nanoseconds},
    {"invalidated_blocks", &CodeCacheCounters::invalidated_blocks},
    {"revived_blocks", &CodeCacheCounters::revived_blocks},
    {"cache_flushes", &CodeCacheCounters::flushes},
    {"cache_evictions", &CodeCacheCounters::evictions},
    {"eviction_nanoseconds", &CodeCacheCounters::eviction_nanoseconds},
    {"links", &CodeCacheCounters::links},
};

struct TranslateOptions {
    unsigned block_limit = kMaxBlockInstructions;
    bool link = true;
    std::uint32_t without = 0;  // Optimisation bits
    EmitOptions emit;
    const TranslationFile* saved = nullptr;   // blocks that are loaded from there; nullptr: none
    TranslationRecorder* recorder = nullptr;  // that is told what is translated; nullptr: nobody is
};

class CodeCache {
  public:
    // What `memory`, which must outlive the cache, holds is thrown away.
    static Result<std::unique_ptr<CodeCache>> create(CodeMemory& memory, memory::GuestRam& ram,
                                                     const x86::CpuidModel& model, SlowPath slow_path,
                                                     const TranslateOptions& options);

    const Thunks& thunks() const { return thunks_; }
    const CodeMemory& memory() const { return memory_; }
    const CodeCacheCounters& counters() const { return counters_; }

    Block& block(BlockIndex index) { return blocks_[index]; }
    const Block& block(BlockIndex index) const { return blocks_[index]; }
    ExitRecord& exit(ExitIndex index) { return exits_[index]; }
    const std::uint8_t* host_address(CodeOffset offset) const { return memory_.executable() + offset; }

    // The valid block at `gpa` for `mode`, or 0. General registers only.
    BlockIndex find(Gpa gpa, Mode mode) const;

    // Makes the block at `gpa`. `page_offset` is its offset in its code page; `second_page`, if known, is the frame
    // that follows the block's 4 KiB page in virtual memory (for an instruction that straddles), else kNotStraddled.
    // Returns 0 if not even one instruction could be decoded within what is known (then second_page is needed).
    BlockIndex translate(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page);

    // Whether guest memory still holds the bytes that `index`, the block translated last, was made from. Others may
    // have written them meanwhile.
    bool is_current(BlockIndex index) const;

    // The block at `gpa` for `mode` that was dropped, if guest memory holds what it was made from again; else 0. Others
    // may be writing there: can_run() has the last word. General registers only.
    BlockIndex revive(Gpa gpa, Mode mode);
    // Whether guest memory still holds what `index`, the block that was revived last, was made from. General registers
    // only.
    bool can_run(BlockIndex index) const;

    // Makes `exit` lead to `target` from now on, if that is possible. General registers only.
    void link(ExitIndex index, BlockIndex target);

    // Whether RAM page `page` (GuestRam::page_index) holds bytes that blocks were made from. General registers only.
    [[gnu::always_inline]] bool has_code(std::uint64_t page) const { return page_blocks_[page] != 0; }
    // Whether [gpa, gpa + size) overlaps such bytes. General registers only.
    bool overlaps_code(Gpa gpa, std::uint64_t size) const;
    // Whether `block` was made from some of [gpa, gpa + size), or may have been. General registers only.
    bool made_from(const Block& block, Gpa gpa, std::uint64_t size) const;
    // Drops the blocks made from [gpa, gpa + size). Returns whether there were any. General registers only.
    bool invalidate(Gpa gpa, std::uint64_t size);
    void invalidate_block(BlockIndex index);
    // Drops the block; it will be made again without shared probes. General registers only.
    void make_plain(BlockIndex index);

    // The lines that a block was made from, in one RAM page or two: their count. General registers only.
    struct PageLines {
        std::uint64_t page;
        LineSet lines;
    };
    unsigned lines_of(const Block& block, PageLines pages[2]) const;
    // The lines of RAM page `page` that blocks were made from. General registers only.
    LineSet lines_in(std::uint64_t page) const;

    // Whether `entry`, a block's entry_indirect, leads nowhere any more. General registers only.
    [[gnu::always_inline]] static bool is_dropped(const void* entry) {
        return *static_cast<const std::uint8_t*>(entry) == kDroppedEntry;
    }

    // Drops everything. No thread may be in translated code.
    void flush();
    // Grows when code memory comes to be used again: what was learned of blocks, exits and host addresses is stale
    // then.
    std::uint64_t generation() const { return counters_.flushes + counters_.evictions; }

    // The block whose host code contains `host_pc`, or 0; and which guest instruction is being executed there.
    // General registers only.
    BlockIndex block_at(std::uint64_t host_pc) const;
    CodePosition position_at(const Block& block, std::uint64_t host_pc) const;

    // The instruction that a CodeExit::System names. Good until the next flush. General registers only.
    [[gnu::always_inline]] const StoredInstruction& system_instruction(std::uint64_t index) const {
        return system_instructions_[index];
    }

    Decoder& decoder() { return decoder_; }
    // Copies the block's guest bytes, as far as they lie in one page, as they are now.
    void read_guest(const Block& block, std::uint8_t* to) const { ram_.read(block.gpa, to, block.guest_length); }
    bool links() const { return options_.link; }
    bool fills_jump_cache() const { return options_.link && !(options_.without & kJumpCache); }
    std::uint64_t code_bytes() const;  // of the blocks that are there

  private:
    static constexpr unsigned kBucketBits = 19;  // of the table by address: about as many as blocks at most
    static constexpr std::size_t kMostBytes = (kMaxBlockInstructions + 1) * ZYDIS_MAX_INSTRUCTION_LENGTH;
    static constexpr std::size_t kBytesPerBlock = 128;  // less than the smallest block's host code, in practice
    static constexpr std::uint32_t kExitsPerBlock = 4, kPointsPerBlock = 16;
    static constexpr unsigned kKeptBlocks = 4096;
    // More than one block has of exits and of points: a conditional jump to another page has one exit, yet six stubs.
    static constexpr unsigned kMostEmitted = kMostUnrolled + kMaxBlockInstructions;  // a loop's copies, the plain body
    static constexpr unsigned kMostExits = 2 * kMostEmitted + 2;
    static constexpr unsigned kMostPoints = 32 * kMostEmitted;
    static constexpr std::uint8_t kDroppedEntry = 0xe9;  // a jump: what a block begins with is none

    CodeCache(CodeMemory& memory, memory::GuestRam& ram, const x86::CpuidModel& model, const TranslateOptions& options,
              ReservedArray<Block> blocks, ReservedArray<ExitRecord> exits, ReservedArray<CodePoint> points,
              ReservedArray<BlockIndex> buckets, ReservedArray<BlockIndex> pages, ReservedArray<KeptBlock> kept_blocks,
              SystemInstructions system_instructions);

    // What translate() is asked for. `shape`: `mode`, with kPlain if the block is to be made without shared probes.
    struct Request {
        Gpa gpa;
        Mode mode, shape;
        std::uint32_t page_offset;
        Gpa second_page;
    };
    CodeView view_of(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page) const;
    CodeView copy(const CodeView& view);
    // Where in a block's bytes a constant lies that it reads when it runs.
    struct Constant {
        std::uint8_t begin = 0, end = 0;
        bool is_there() const { return end != 0; }
    };
    // What a block is made from.
    struct Origin {
        Gpa gpa;
        Mode mode;
        std::uint32_t page_offset;
        std::uint16_t guest_length, instructions;
        std::uint64_t bytes_seen;  // from gpa, as far as the first page goes
        Gpa second_page;           // of an instruction that straddles, else kNotStraddled
        Constant constant;
    };
    struct Emission {
        Origin origin;
        EmittedBlock block;
    };
    BlockIndex make(const Request& request, const CodeView& view);
    std::span<Instruction> decode(const Request& request, const CodeView& view);
    std::optional<Emission> emit(const Request& request, const CodeView& view);
    BlockIndex add_block(const Origin& origin, const EmittedBlock& emitted);

    // saved_translations.cc
    // The block's code, as it is saved, when the constant at `guest` in its bytes is another one.
    struct Moved {
        std::uint16_t guest;
        std::vector<std::uint8_t> code;
    };
    std::vector<Moved> emit_moved(const Request& request, const CodeView& view);
    Placement placement(CodeOffset hot_size) const;
    void record(const Request& request, const CodeView& view, const Emission& emission, std::span<const Moved> moved);
    void record_as(std::span<const std::uint8_t> code, std::span<const SavedConstant> constants, const Request& request,
                   const CodeView& view, const Emission& emission);
    BlockIndex load(const Request& request, const CodeView& view);
    bool store_instructions(const SavedBlock& saved, const Placement& placement, Mode mode);
    std::uint32_t store_again(const SavedBlock& saved, std::uint32_t offset, Mode mode);

    Constant find_patched_constant(Gpa gpa, Mode mode, std::span<Instruction> instructions);
    void keep(const Origin& origin, BlockIndex index);
    std::uint32_t kept_slot(Gpa gpa, Mode mode) const { return bucket_of(gpa, mode) % kKeptBlocks; }
    void enter_lists(BlockIndex index);
    void leave_lists(BlockIndex index);
    void isolate(BlockIndex index);
    // For enter_list() and leave_list(): the blocks of RAM page `page`, the exits that lead to one block.
    auto links_in_page(std::uint64_t page) {
        return [this, page](BlockIndex index) -> ListLinks& {
            return blocks_[index].in_page[page_number(blocks_[index], page)];
        };
    }
    auto links_of_exits() {
        return [this](ExitIndex index) -> ListLinks& { return exits_[index].incoming; };
    }
    BlockIndex next_in_page(BlockIndex index, std::uint64_t page) const {
        return blocks_[index].in_page[page_number(blocks_[index], page)].next;
    }
    unsigned page_number(const Block& block, std::uint64_t page) const;
    void unlink(ExitIndex index);
    void patch32(CodeOffset at, std::uint32_t value);
    std::uint32_t bucket_of(Gpa gpa, Mode mode) const;
    bool is_full() const;
    void make_room();

    // Code memory, and what is kept of blocks, is a ring of segments, each filled from its start. So that not much has
    // to be made again at once, the next segment alone is emptied when one is full.
    struct Segment {
        CodeOffset code, cold;  // where they begin; they end where the next one's do
        BlockIndex block;
        ExitIndex exit;
        std::uint32_t point;
    };
    Segment segment_start(unsigned number) const;
    void start_segment(unsigned number);
    void start_again();
    void next_segment();
    void empty_segment(unsigned number);
    unsigned segment_at(CodeOffset offset) const;
    CodeOffset code_share() const { return (first_cold_ - first_code_) / segments_ & ~63u; }
    CodeOffset cold_share() const { return static_cast<CodeOffset>((memory_.size() - first_cold_) / segments_); }
    BlockIndex block_end(unsigned segment) const { return segment == segment_ ? block_count_ : block_ends_[segment]; }

    CodeMemory& memory_;
    memory::GuestRam& ram_;
    Decoder decoder_;
    TranslateOptions options_;
    Thunks thunks_;
    ReservedArray<Block> blocks_;
    ReservedArray<ExitRecord> exits_;
    ReservedArray<CodePoint> points_;
    ReservedArray<BlockIndex> buckets_;
    ReservedArray<BlockIndex> page_blocks_;  // by RAM page: first block of its list
    ReservedArray<KeptBlock> kept_blocks_;   // by kept_slot()
    SystemInstructions system_instructions_;
    PopulateAhead hot_memory_, cold_memory_;
    CodeOffset first_code_ = 0, cursor_ = 0;
    CodeOffset first_cold_ = 0, cold_cursor_ = 0;
    unsigned segments_;                   // how many
    unsigned segment_ = 0;                // the one that is being filled
    std::vector<BlockIndex> block_ends_;  // by segment
    BlockIndex block_count_ = 1;          // 0 stands for none
    ExitIndex exit_count_ = 1;
    std::uint32_t point_count_ = 0;
    Filter<1u << 12> plain_;            // by bucket: blocks to be made without shared probes
    Filter<1u << 12> rewritten_pages_;  // by RAM page: blocks were dropped because they were written
    std::vector<Instruction> scratch_;
    BlockEmitter::Lists emit_lists_;
    std::vector<ExitRecord> loaded_exits_;
    std::uint8_t bytes_[kMostBytes];  // what the last block was made from
    std::uint8_t second_page_bytes_[ZYDIS_MAX_INSTRUCTION_LENGTH];
    CodeCacheCounters counters_;
};

}  // namespace hospes::translator
