// A vCPU of the translator: the loop that finds translated code, runs it and does what it comes back for.
//
// Two kinds of code meet here. Hot: the guest's vector state may be in the host's registers (vectors_live()); files
// built with general registers only. Cold: everything else; begins with need_cpp(), which saves that state.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "cpu/engine.h"
#include "engine/translator/cache/code_cache.h"
#include "engine/translator/cache/page_states.h"
#include "engine/translator/runtime/counters.h"
#include "engine/translator/runtime/rendezvous.h"
#include "engine/translator/runtime/resources.h"
#include "engine/translator/runtime/soft_tlb.h"
#include "engine/translator/runtime/tracer.h"
#include "engine/translator/runtime/vcpu_memory.h"
#include "engine/translator/runtime/vector_state.h"
#include "engine/translator/runtime/watch.h"
#include "engine/translator/system/system.h"
#include "memory/page_bits.h"

namespace hospes::translator {

class TranslatorVcpu;

// What the vCPUs of one VM share. Translated code is not among it.
struct Shared {
    memory::GuestRam& ram;
    const x86::CpuidModel& model;
    const Resources& resources;
    TranslateOptions translate;
    VectorComponents vectors;
    Tracer tracer;
    PageStates pages;
    // Of the pages in dirty logs, those that are not to be found written yet. Set while all vCPUs are stopped, and then
    // none of them has a write entry for one: whoever writes to one clears its bit, and cannot be stopped before the
    // write is made.
    memory::PageBits unwritten;
    Rendezvous rendezvous = {};
    std::array<std::atomic<TranslatorVcpu*>, kMaxVcpus> vcpus = {};  // by number; nullptr: there is none
};

class TranslatorVcpu final : public cpu::Vcpu {
  public:
    // `index`: below kMaxVcpus, and no other one's.
    static Result<std::unique_ptr<TranslatorVcpu>> create(Shared& shared, unsigned index);
    // No other thread tells it anything any more.
    ~TranslatorVcpu() override;

    cpu::Exit run(cpu::VcpuHost& host) override;
    void notify() override { state_.attention.store(1, std::memory_order_relaxed); }
    cpu::VcpuState state() const override;
    Result<void> set_state(const cpu::VcpuState& from) override;
    Result<void> debug(const cpu::DebugRequest& request) override;
    std::optional<Gpa> physical(Gva address) override;

    // A RAM page that a device wrote: its code is dropped before the next interrupt. Any thread.
    void note_written(std::uint64_t page);
    // Stores to RAM pages [first, first + count) are seen from now on. While it is stopped.
    void watch_writes(std::uint64_t first, std::uint64_t count) { tlb_->drop_write_access(first, count); }
    const VcpuCounters& counters() const { return counters_; }
    const CodeCache& cache() const { return cache_; }

    // From translated code (thunks.h, SlowPath).
    static std::uint64_t slow_path(GuestState* state, std::uint64_t address, std::uint32_t info, std::uint64_t host_pc);
    // From the signal handler, async-signal-safe: turns a host fault at `host_pc` in translated code into a return to
    // the dispatcher. `addend`: what T1 held. Gives where to go on; nullptr if the fault is not the guest's.
    const std::uint8_t* take_host_fault(std::uint64_t host_pc, unsigned trap, std::uint64_t addend);

  private:
    // Why the slow path or the signal handler sent translated code back.
    struct Interruption {
        enum class Kind : std::uint8_t {
            Fault,      // deliver `fault`
            Bounce,     // do the access by hand
            Single,     // run the instruction as a block of its own: it writes to the code it is in
            Plain,      // run on without shared probes
            HostError,  // the host could not do it: give up
        };
        Kind kind = Kind::Fault;
        GuestFault fault;
        Gva address = 0;
        std::uint32_t info = 0;
        std::uint64_t host_pc = 0;
        std::uint64_t generation = 0;  // of the code cache that host_pc lies in
        unsigned skipped = 0;          // bytes of the operand before `address` that a mask leaves out
    };
    enum class After : std::uint8_t { GoOn, Leave };

    // So many failures of one probe in so short a time take a tenth of it: what the block's probes look at lies across
    // the end of a page, and it is better off without shared ones. Seldom ones cost less than probes for each access.
    static constexpr std::int32_t kFailuresCounted = 4096;
    static constexpr std::uint64_t kShortTime = 1'000'000;  // TSC cycles: less than a millisecond
    void count_failure(PlainTwin& twin, std::uint64_t host_pc);
    // Translated code is gone: nothing may lead there.
    void forget_code();

    // The block in which the store that missed its probe at `host_pc`, and ran over the end of a page, is made alone.
    struct KnownStore {
        std::uint64_t host_pc = 0;
        std::uint64_t generation = 0;
        BlockIndex block = 0;
    };
    static constexpr unsigned kKnownStores = 64;
    KnownStore& known_store(std::uint64_t host_pc) { return known_stores_[twin_index(host_pc) % kKnownStores]; }

    TranslatorVcpu(Shared& shared, std::unique_ptr<CodeCache> cache, VcpuMemory memory, unsigned index);

    // dispatch.cc (hot)
    After dispatch();
    After handle_exit(CodeExit exit);
    CodeExit run_code(const void* code);
    void end_single();
    void on_link_exit();
    bool take_jump();
    void execute_stored(const StoredInstruction& instruction);
    void after_system(const DecodedInstruction& instruction);
    static bool delivers_event(const DecodedInstruction& instruction);
    void on_interruption();
    void raise(const GuestFault& fault);
    // Delivers an exception by `attempt`; by a second one, with the vector state saved, if the first says so.
    template <typename Attempt>
    [[gnu::always_inline]] void deliver(Attempt attempt) {
        Delivery delivery = attempt();
        if (delivery == Delivery::RedoCold) {
            need_cpp();
            delivery = attempt();
        }
        if (delivery == Delivery::TripleFault) finished_ = cpu::ExitReason::Shutdown;
        set_mode();
        if (state_.interrupt_waiting && state_.interrupt_flag) notify();
    }
    After finish(cpu::ExitReason reason) {
        finished_ = reason;
        return After::Leave;
    }

    // breakpoints.cc (hot)
    bool begin_watched();
    bool stop_for_debugger(cpu::DebugEvent event);
    void raise_debug(std::uint64_t conditions);
    void begin_step();
    void end_step();
    std::uint64_t take_hits();
    void note_access(Gva address, std::uint64_t size, bool write);
    void note_hits(Watch::Owners hits);
    bool access_watched(Gva address, unsigned size, bool write, std::uint64_t host_pc);
    static bool accessed(void* vcpu, Gva address, std::uint64_t size, Access access);

    // watch_cold.cc
    void look_out(bool new_data);
    After report_hits();

    // lookup.cc (hot)
    const void* next_code();
    bool resolve_code_page(Gva page);
    BlockIndex linked_block(Gpa gpa, Mode mode) const;
    BlockIndex find_block(Gpa gpa, Mode mode);
    BlockIndex revive_block(Gpa gpa, Mode mode);
    bool second_page_ready();
    // The page after that of the next instruction.
    Gva second_page() const {
        const Gva second = (linear(state_.rip) & ~kPageMask) + kPageSize;
        return state_.code64() ? second : second & 0xffff'ffff;
    }
    void remember_way(BlockIndex index);
    std::uint64_t next_rip(std::int64_t target) const {
        const std::uint64_t rip = state_.page_base + static_cast<std::uint64_t>(target);
        return state_.code64() ? rip : rip & 0xffff'ffff;
    }
    std::uint64_t rip_at(std::uint64_t host_pc) const;
    // The linear address of `rip`.
    Gva linear(std::uint64_t rip) const {
        return state_.code64() ? rip : (rip + state_.segments[x86::CS].base) & 0xffff'ffff;
    }

    // slow_path.cc (hot)
    std::uint64_t slow_access(Gva address, std::uint32_t info, std::uint64_t host_pc);
    std::uint64_t find_addend(Gva address, std::uint32_t info, std::uint64_t host_pc);
    std::uint64_t find_masked(Gva address, std::uint32_t info, std::uint64_t host_pc);
    std::uint64_t move_stack_window(Gva address, std::uint32_t info);
    Checked<Gva> check_access(Gva address, std::uint32_t info) const;
    std::uint64_t leave_block(Interruption::Kind kind, Gva address, std::uint32_t info, std::uint64_t host_pc);
    std::uint64_t write_to_code_page(Gva address, const Translation& found, std::uint32_t info, std::uint64_t host_pc,
                                     std::uint64_t addend);
    Checked<Translation> translate_access(Gva address, std::uint32_t info, AccessClass access_class);
    static void walked_for_read(void* vcpu, Gva address, const Translation& found, AccessClass access_class);

    // coherence.cc (hot)
    bool has_code(std::uint64_t page);
    bool may_write_unseen(const Translation& found, bool now);
    void announce_store(Gpa gpa, std::uint64_t size);
    void drop_others_code(Gpa gpa, std::uint64_t size);
    LineSet drop_code_of(unsigned vcpu, Gpa gpa, std::uint64_t size);
    void claim_code(const Block& block);
    void claim_lines(std::uint64_t page, LineSet lines);
    static void before_write(void* vcpu, Gpa gpa, std::uint64_t size);

    // crossing.cc (hot)
    struct Sides {
        std::byte* low;  // nullptr: the access has to be made by hand
        std::byte* high;
        std::size_t first_size;
    };
    Sides map_sides(Gva address, AccessClass access_class, bool write);
    std::uint64_t cross_pages(Gva address, unsigned size, AccessClass access_class, bool write);
    bool store_over_pages();
    std::byte* map_side(Gva address, AccessClass access_class, bool write);
    static void copy_bytes(void* to, const void* from, std::size_t size);

    // tlb_flushes.cc (hot)
    void apply_flushes();
    void set_mode() { mode_ = current_mode(state_); }
    // STAC and CLAC, which change it, run in translated code.
    [[gnu::always_inline]] void follow_access_flag() {
        if (mode_.has(Mode::kCpl0) && mode_.access_class() != state_.access_class()) mode_ = mode_.other_access();
    }

    // vectors
    [[gnu::always_inline]] void need_cpp() {
        if (!vectors_live_) return;
        save_vectors(state_, shared_.vectors);
        vectors_live_ = false;
        system_.mmu.vectors_live = false;
        ++counters_.vector_saves;
    }

    // cold.cc: each saves the vector state first
    After attend();
    After look_around();
    bool take_interrupt();
    After take_nmi();
    bool deliver_vector(std::uint8_t vector);
    BlockIndex translate_block(Gpa gpa, Mode mode, std::uint32_t page_offset, Gpa second_page);
    void execute_cold(const DecodedInstruction& instruction, Checked<void>& outcome);
    void drop_written_pages();
    void trace_exit(CodeExit exit);
    void trace_fault(unsigned vector, bool interrupt, std::uint32_t error_code);

    // bounce.cc (cold)
    void bounce();
    void raise_access_fault(const GuestFault& fault);
    std::uint64_t bytes_of(const Instruction& instruction);
    void bounce_with(const Instruction& instruction, const void* code);
    void know_store(const Instruction& instruction, const void* code);
    bool decode_here(Instruction& out);

    // vcpu.cc (cold)
    std::string describe(const char* what) const;
    void fail(const char* what);

    Shared& shared_;
    const unsigned index_;
    const std::unique_ptr<CodeCache> own_cache_;
    CodeCache& cache_;
    VcpuMemory memory_;
    GuestState& state_;
    System system_;
    std::unique_ptr<SoftTlb> tlb_;
    VcpuCounters counters_;

    Mode mode_;  // of the next instruction, but for what lookup adds
    bool vectors_live_ = false;
    bool resumed_ = false;          // the block left before its first instruction: perhaps its pages are other ones now
    bool force_single_ = false;     // the next instruction alone
    bool force_plain_ = false;      // the next block without shared probes
    std::uint64_t plain_rip_ = 0;   // where force_plain_ was asked for
    bool running_single_ = false;   // the block that runs is one instruction, to be looked at afterwards
    ExitIndex link_from_ = 0;       // the exit that led here, to be linked
    bool trace_steps_ = false;      // RFLAGS.TF was set when the instruction began
    bool nmi_waits_ = false;        // for the end of a shadow
    bool stepped_ = false;          // the step that the debugger asks for has begun
    Watch::Owners hits_ = 0;        // whose data breakpoints the running instruction has hit
    std::uint32_t hit_data_ = 0;    // which one of the debugger's
    std::uint64_t hit_faults_ = 0;  // counters_.faults then: an instruction that faults has hit nothing
    std::uint64_t begun_ = 0;       // RIP that begin_watched() saw last
    std::uint64_t generation_ = 0;  // of the code cache, when link_from_ was set
    cpu::ExitReason finished_ = cpu::ExitReason::Kicked;  // anything else: leave the dispatcher
    cpu::DebugStop debug_stop_;
    Watch watch_;
    Interruption interruption_;
    KnownStore known_stores_[kKnownStores];
    std::string failure_;

    std::mutex written_mutex_;
    std::vector<std::uint64_t> written_pages_;
    bool too_many_written_ = false;
    std::atomic<bool> any_written_{false};

    alignas(64) std::uint8_t bounce_[192];
};

}  // namespace hospes::translator
