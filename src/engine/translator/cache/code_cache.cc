// Making blocks. The hot rest of CodeCache is in code_index.cc.
#include "engine/translator/cache/code_cache.h"

#include <algorithm>
#include <chrono>

#include "engine/translator/analyze/analyze.h"

namespace hospes::translator {

namespace {

// Bytes of guest code that a block depends on. Those that show something to be no instruction may lie beyond the
// length of 1 that it is given.
std::uint64_t seen(const Instruction& last, std::uint32_t block_offset) {
    const bool known = last.info().mnemonic != ZYDIS_MNEMONIC_INVALID;
    return last.offset - block_offset + (known ? last.length() : std::uint64_t{ZYDIS_MAX_INSTRUCTION_LENGTH});
}

bool may_go_to_cpp(Kind kind) {
    return kind == Kind::System || kind == Kind::SetInterrupt || kind == Kind::SegmentBase || kind == Kind::AccessFlag;
}

// Of the code memory, what is for code that runs often. Measured: 55 to 60 % of all.
constexpr std::size_t kHotSixteenths = 9;
CodeOffset cold_begin(const CodeMemory& memory) { return static_cast<CodeOffset>(memory.size() / 16 * kHotSixteenths); }
constexpr std::size_t kSegmentBytes = 1u << 20;

// Adds the time from here to the end of the scope.
class Timer {
  public:
    explicit Timer(std::uint64_t& nanoseconds) : nanoseconds_(nanoseconds) {}
    ~Timer() {
        const auto taken = std::chrono::steady_clock::now() - started_;
        nanoseconds_ += static_cast<std::uint64_t>(std::chrono::nanoseconds(taken).count());
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  private:
    std::uint64_t& nanoseconds_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<std::unique_ptr<CodeCache>> CodeCache::create(CodeMemory& memory, memory::GuestRam& ram,
                                                     const x86::CpuidModel& model, SlowPath slow_path,
                                                     const TranslateOptions& options) {
    memory.clear();
    const std::size_t most_blocks = memory.size() / kBytesPerBlock;
    auto blocks = HOSPES_TRY(ReservedArray<Block>::create(most_blocks + 1));
    auto exits = HOSPES_TRY(ReservedArray<ExitRecord>::create(most_blocks * kExitsPerBlock + 1));
    auto points = HOSPES_TRY(ReservedArray<CodePoint>::create(most_blocks * kPointsPerBlock));
    auto buckets = HOSPES_TRY(ReservedArray<BlockIndex>::create(std::size_t{1} << kBucketBits));
    auto pages = HOSPES_TRY(ReservedArray<BlockIndex>::create(ram.page_count()));
    auto kept_blocks = HOSPES_TRY(ReservedArray<KeptBlock>::create(kKeptBlocks));
    auto system_instructions = HOSPES_TRY(SystemInstructions::create());
    std::unique_ptr<CodeCache> cache(new CodeCache(memory, ram, model, options, std::move(blocks), std::move(exits),
                                                   std::move(points), std::move(buckets), std::move(pages),
                                                   std::move(kept_blocks), std::move(system_instructions)));
    Assembler assembler(memory.writable(), memory.execute_offset());
    cache->thunks_ = emit_thunks(assembler, slow_path);
    cache->first_code_ = static_cast<CodeOffset>((assembler.cursor() - memory.writable() + 63) & ~63);
    cache->start_again();
    return cache;
}

CodeCache::CodeCache(CodeMemory& memory, memory::GuestRam& ram, const x86::CpuidModel& model,
                     const TranslateOptions& options, ReservedArray<Block> blocks, ReservedArray<ExitRecord> exits,
                     ReservedArray<CodePoint> points, ReservedArray<BlockIndex> buckets,
                     ReservedArray<BlockIndex> pages, ReservedArray<KeptBlock> kept_blocks,
                     SystemInstructions system_instructions)
    : memory_(memory),
      ram_(ram),
      decoder_(model),
      options_(options),
      blocks_(std::move(blocks)),
      exits_(std::move(exits)),
      points_(std::move(points)),
      buckets_(std::move(buckets)),
      page_blocks_(std::move(pages)),
      kept_blocks_(std::move(kept_blocks)),
      system_instructions_(std::move(system_instructions)),
      hot_memory_(memory_.writable(), cold_begin(memory_)),
      cold_memory_(memory_.writable() + cold_begin(memory_), memory_.size() - cold_begin(memory_)),
      first_cold_(cold_begin(memory_)),
      cold_cursor_(first_cold_),
      segments_(static_cast<unsigned>(memory_.size() / kSegmentBytes)),
      block_ends_(segments_),
      scratch_(kMaxBlockInstructions) {
    options_.emit.relocations = options.recorder != nullptr;
}

// Room for one more block, in memory that is there as far as blocks usually go.
void CodeCache::make_room() {
    constexpr std::size_t kBytes = 4096, kExits = 16, kPoints = 128;
    if (system_instructions_.is_full()) {
        flush();
    } else if (is_full()) {
        const Timer timer(counters_.eviction_nanoseconds);
        next_segment();
    }
    hot_memory_.reach(cursor_ + kBytes);
    cold_memory_.reach(cold_cursor_ - first_cold_ + kBytes);
    memory_.use_huge_page(cursor_);
    memory_.use_huge_page(cold_cursor_);
    buckets_.reach(buckets_.capacity());
    blocks_.reach(block_count_ + 1);
    exits_.reach(exit_count_ + kExits);
    points_.reach(point_count_ + kPoints);
}

// Code bytes from `gpa` to the end of its code page. A large page's RAM is contiguous as far as RAM goes.
CodeView CodeCache::view_of(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page) const {
    std::uint64_t length = std::min<std::uint64_t>(mode.page_size() - page_offset, kPageSize);
    const std::uint64_t to_page_end = kPageSize - (gpa & kPageMask);
    const std::byte* bytes = ram_.host(gpa, length);
    if (bytes == nullptr) {
        length = std::min(length, to_page_end);
        bytes = ram_.host(gpa, length);
    }
    CodeView view{reinterpret_cast<const std::uint8_t*>(bytes), bytes == nullptr ? 0 : length, nullptr};
    if (second_page != kNotStraddled) {
        view.next_page = reinterpret_cast<const std::uint8_t*>(ram_.host(second_page, kPageSize));
    }
    return view;
}

// Other vCPUs and devices may write while a block is made: it is made from bytes that stay the same.
CodeView CodeCache::copy(const CodeView& view) {
    CodeView copied{bytes_, std::min<std::uint64_t>(view.length, sizeof bytes_), nullptr};
    if (view.length != 0) std::memcpy(bytes_, view.bytes, copied.length);
    if (view.next_page != nullptr) {
        std::memcpy(second_page_bytes_, view.next_page, sizeof second_page_bytes_);
        copied.next_page = second_page_bytes_;
    }
    return copied;
}

bool CodeCache::is_current(BlockIndex index) const {
    const Block& block = blocks_[index];
    if (!block.valid) return false;
    const std::uint64_t size = block.guard_end - block.guard_begin;
    if (std::memcmp(ram_.host(block.guard_begin, size), bytes_, size) != 0) return false;
    if (block.straddled == kNotStraddled) return true;
    const std::byte* second = ram_.host(block.straddled, sizeof second_page_bytes_);
    return std::memcmp(second, second_page_bytes_, sizeof second_page_bytes_) == 0;
}

BlockIndex CodeCache::translate(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page) {
    make_room();
    const CodeView view = copy(view_of(gpa, mode, page_offset, second_page));
    const Mode shape = plain_.may_hold(bucket_of(gpa, mode)) ? mode.with(Mode::kPlain) : mode;
    const Request request{gpa, mode, shape, page_offset, second_page};
    if (options_.saved != nullptr && second_page == kNotStraddled) {
        const Timer timer(counters_.loading_nanoseconds);
        if (const BlockIndex index = load(request, view)) return index;
    }
    const Timer timer(counters_.translation_nanoseconds);
    return make(request, view);
}

BlockIndex CodeCache::make(const Request& request, const CodeView& view) {
    std::vector<Moved> moved;
    if (options_.recorder != nullptr) moved = emit_moved(request, view);
    const std::optional<Emission> emission = emit(request, view);
    if (!emission) return 0;
    const Origin& origin = emission->origin;
    const bool portable = request.second_page == kNotStraddled && !origin.constant.is_there();
    if (options_.recorder != nullptr && portable) record(request, view, *emission, moved);
    const BlockIndex index = add_block(origin, emission->block);
    keep(origin, index);
    ++counters_.translated_blocks;
    counters_.translated_instructions += origin.instructions;
    return index;
}

std::span<Instruction> CodeCache::decode(const Request& request, const CodeView& view) {
    const Mode mode = request.mode;
    const bool one = mode.has(Mode::kSingle) || mode.has(Mode::kBounce) || request.second_page != kNotStraddled;
    const unsigned limit = one ? 1 : options_.block_limit;
    return {scratch_.data(), decoder_.decode_block(view, mode, request.page_offset, limit, scratch_)};
}

// Decodes the block and emits it to where the next one goes; nothing, if not even one instruction is known.
std::optional<CodeCache::Emission> CodeCache::emit(const Request& request, const CodeView& view) {
    const Mode mode = request.mode;
    std::span<Instruction> instructions = decode(request, view);
    if (instructions.empty()) return {};
    const Constant constant = find_patched_constant(request.gpa, mode, instructions);
    const Loop loop = run_passes(instructions, request.shape, options_.without);
    for (Instruction& in : instructions) {
        if (may_go_to_cpp(in.kind)) in.stored = system_instructions_.store(in, mode);
    }
    const std::uint64_t bytes_seen = seen(instructions.back(), request.page_offset);
    const bool straddles = bytes_seen > mode.page_size() - request.page_offset && view.next_page != nullptr;
    const Origin origin{request.gpa,
                        mode,
                        request.page_offset,
                        static_cast<std::uint16_t>(instructions.back().end() - request.page_offset),
                        static_cast<std::uint16_t>(instructions.size()),
                        std::min(bytes_seen, view.length),
                        straddles ? request.second_page : kNotStraddled,
                        constant};
    Assembler assembler(memory_.writable() + cursor_, memory_.execute_offset());
    BlockEmitter emitter(assembler, memory_.writable() + cold_cursor_, thunks_, instructions, loop, mode, exit_count_,
                         origin.second_page, options_.emit, emit_lists_);
    return Emission{origin, emitter.emit()};
}

BlockIndex CodeCache::add_block(const Origin& origin, const EmittedBlock& emitted) {
    const CodeOffset begin = cursor_;
    const BlockIndex index = block_count_++;
    Block& block = blocks_[index];
    block.gpa = origin.gpa;
    block.mode = origin.mode;
    block.valid = true;
    block.flags_live_in = emitted.flags_live_in;
    block.page_offset = origin.page_offset;
    block.guest_length = origin.guest_length;
    block.instructions = origin.instructions;
    block.guard_begin = origin.gpa;
    block.guard_end = origin.gpa + origin.bytes_seen;
    block.straddled = origin.second_page;
    block.begin = begin;
    block.end = begin + emitted.size;
    block.cold_begin = cold_cursor_;
    block.cold_end = cold_cursor_ + emitted.cold_size;
    cursor_ = (block.end + 15) & ~15u;
    cold_cursor_ = block.cold_end;
    block.entry = begin + emitted.entry;
    block.entry_saved = begin + emitted.entry_saved;
    block.entry_indirect = begin + emitted.entry_indirect;
    block.first_incoming = 0;
    block.first_exit = exit_count_;
    block.exit_count = static_cast<std::uint16_t>(emitted.exits.size());
    for (ExitRecord record : emitted.exits) {
        record.source = index;
        record.jump += begin;
        if (record.checked) record.frame_check += begin;
        std::int32_t to_stub;
        std::memcpy(&to_stub, memory_.writable() + record.jump, 4);
        record.stub = static_cast<CodeOffset>(record.jump + 4 + static_cast<std::uint32_t>(to_stub));
        exits_[exit_count_++] = record;
    }
    block.first_point = point_count_;
    block.point_count = static_cast<std::uint16_t>(emitted.points.size());
    for (const CodePoint& point : emitted.points) points_[point_count_++] = point;
    enter_lists(index);
    return index;
}

void CodeCache::flush() {
    ++counters_.flushes;
    buckets_.reset();
    page_blocks_.reset();
    kept_blocks_.reset();
    system_instructions_.clear();
    start_again();
}

}  // namespace hospes::translator
