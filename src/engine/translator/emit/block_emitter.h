// Stage 3: a block's instructions to host code.
//
// The invariant at every guest instruction boundary: guest registers are in their homes (host_registers.h), status
// flags are where flags_ says (if they are needed), DF is in RFLAGS, and nothing else is held in scratch registers but,
// perhaps, what a shared probe found (window_).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/translator/analyze/loop.h"
#include "engine/translator/cache/block.h"
#include "engine/translator/decode/instruction.h"
#include "engine/translator/emit/assembler.h"
#include "engine/translator/emit/reencode.h"
#include "engine/translator/emit/thunks.h"
#include "engine/translator/engine.h"

namespace hospes::translator {

// What the cache needs to register a block. Offsets are relative to the block's begin.
struct EmittedBlock {
    CodeOffset size = 0, cold_size = 0;
    CodeOffset entry = 0, entry_saved = 0, entry_indirect = 0;
    bool flags_live_in = false;
    std::span<const ExitRecord> exits;  // code positions relative to the block's begin; source and links unset
    std::span<const CodePoint> points;
    std::span<const Relocation> relocations;  // if they were asked for
};

struct EmitOptions {
    bool stack_window = true;
    bool relocations = false;  // tell of them; the code cache's choice
    Breakage breakage = Breakage::None;
};

class BlockEmitter {
  private:
    enum class Flags : std::uint8_t { Host, Saved };

    // How a memory operand's address is computed: again and again, as nothing that it depends on changes meanwhile.
    struct Address {
        const Instruction* in = nullptr;  // the ModRM operand of this instruction...
        HostReg base = kNoReg;            // ...or [base + disp]
        std::int64_t disp = 0;            // added to either
        bool from_scratch = false;        // ...or what is in GuestState::scratch[kAddressSlot] (+ disp)
    };
    struct Access {
        Address address;
        std::uint32_t size = 0;
        bool write = false;
        bool stack = false;  // through the stack window
        x86::SegmentRegister segment = x86::DS;
        const Sharing* sharing = nullptr;
    };
    // Code after the block's end that a failed probe jumps to.
    struct SlowStub {
        Jump from;
        std::uint8_t* resume;
        Access access;
        std::uint32_t info;
        std::uint16_t guest;
        bool offset_form;  // the operand is [T0 + T1] with T0 = offset in the page, T1 = host page
        std::int64_t low;
        Flags flags;  // where they are at `from`
    };
    struct ExitStub {
        Jump from;
        CodeExit kind;
        std::uint64_t value;
        std::uint16_t guest;
        Flags flags;
    };

    // A guessed addend that was wrong.
    struct GuessStub {
        Jump from;
        std::uint8_t* resume;
        std::uint8_t slot;
        std::uint16_t guest;
        Flags flags;
    };

    // The rest of an indirect jump: the second entry of the jump cache's set, then the dispatcher.
    struct JumpStub {
        Jump attention, other_way;
        std::uint64_t record;
        std::uint16_t guest;
    };

  public:
    // What emission gathers: to be kept from block to block, for its memory.
    class Lists {
        friend BlockEmitter;
        std::vector<ExitRecord> exits;
        std::vector<CodePoint> points;
        std::vector<SlowStub> slow_stubs;
        std::vector<ExitStub> exit_stubs;
        std::vector<JumpStub> jump_stubs;
        std::vector<GuessStub> guess_stubs;
        std::vector<Jump> window_misses;
        std::vector<Relocation> relocations;
        Distances distances;

        void clear();
    };

    // Code goes to the assembler's cursor; what runs seldom to `cold`, so that the rest is denser. `first_exit` is the
    // index that exits[0] will get. `second_frame` is the physical page that a straddling instruction continues in.
    BlockEmitter(Assembler& assembler, std::uint8_t* cold, const Thunks& thunks, std::span<Instruction> block,
                 const Loop& loop, Mode mode, ExitIndex first_exit, Gpa second_frame, const EmitOptions& options,
                 Lists& lists);

    // Emits it all. The caller has made sure of kMaxBlockBytes of room in either place. The result is good as long as
    // `lists` is not used again.
    EmittedBlock emit();

    static constexpr std::size_t kMaxBlockBytes = 64 * 1024 - 1;

  private:
    static constexpr unsigned kValueSlot = 0;  // of GuestState::scratch: a value between two accesses
    static constexpr unsigned kAddressSlot = 1;
    static constexpr unsigned kTargetSlot = 2;
    static constexpr unsigned kSpillSlot = 3;  // a guest register that had to make room

    // block_emitter.cc: frame of the block
    void emit_entries(EmittedBlock& out);
    bool saves_flags_first() const;
    void emit_straddle_check();
    void leave_out_order();
    void emit_instruction(const Instruction& in);
    void emit_fallthrough();
    void emit_stubs();
    void emit_exit_stub(const ExitStub& stub);
    void relocate(std::size_t bytes_back, Relocation::Kind kind);
    void find_distances(CodeOffset cold_size);
    void mark(std::uint16_t guest);
    CodeOffset position_of(const std::uint8_t* at) const {
        return hot_size_ + static_cast<CodeOffset>(at - part_begin_);
    }
    CodeOffset position() const { return position_of(a_.cursor()); }

    // memory.cc: addresses and probes
    void emit_address(HostReg to, const Address& address);
    void emit_operand_address(HostReg to, const Instruction& in, std::int64_t extra);
    void emit_operand_offset(HostReg to, const Instruction& in, std::int64_t extra);
    void emit_operand_segment(HostReg to, const Instruction& in);
    void emit_address_wrap(HostReg to, unsigned address_width);
    void emit_segment_guard(HostReg to, int segment);
    bool is_simple(const Address& address) const;
    HostReg simple_base(const Address& address) const;
    std::int64_t simple_disp(const Address& address) const;
    // Gives the host operand of an access after its probe. Clobbers T0, T1, T2.
    HostMem emit_access(const Instruction& in, const Access& access, bool flags_needed, bool reader_ahead);
    HostMem emit_access(const Instruction& in, const Access& access) {
        return emit_access(in, access, in.live_before != 0, in.reader_ahead);
    }
    HostMem emit_shared_again(const Access& access);
    HostMem emit_bounced(const Access& access);
    Jump emit_probe(std::uint32_t span, bool write, bool offset_form);
    Jump emit_probe_stack(const Access& access, std::int64_t low, std::uint32_t span);
    Jump emit_probe_with_flags(const Access& access, std::int64_t low, std::uint32_t span, bool write);
    std::uint32_t slow_info(const Instruction& in, const Access& access) const;
    Access operand_access(const Instruction& in) const;
    Access stack_access(const Instruction& in, HostReg base, std::int64_t disp, bool write) const;

    // loop.cc
    void emit_loop();
    void emit_window_probe(const LoopWindow& window);
    HostMem emit_window_access(const Sharing& sharing);
    void emit_next_copy(const Instruction& in);
    void emit_plain_body();
    void emit_guess(const Instruction& in, unsigned slot);
    void emit_guess_stub(const GuessStub& stub);
    HostMem guess_credit() const;

    // plain.cc: re-emission
    void emit_plain(const Instruction& in);
    void emit_with_operands(const Instruction& in, Substitution& substitution);
    void emit_without_rex(const Instruction& in, Substitution& substitution);
    void emit_load_constant(HostReg to, const Instruction& in, unsigned bytes, bool sign_extended);
    void emit_patched_move(const Instruction& in);
    void emit_address_of(const Instruction& in);
    void emit_bit_string(const Instruction& in);
    void emit_timestamp(const Instruction& in);
    void emit_set_interrupt(const Instruction& in);
    void emit_swap_gs();
    void emit_read_segment(const Instruction& in);
    void emit_segment_base(const Instruction& in);

    // stack.cc
    void emit_push(const Instruction& in);
    void emit_push_flags(const Instruction& in);
    void emit_pop(const Instruction& in);
    void emit_pop_memory(const Instruction& in);
    void emit_leave(const Instruction& in);
    HostMem emit_return_address_slot(const Instruction& in);
    void emit_store_return_address(const Instruction& in, const HostMem& to);
    void emit_check_target(const Instruction& in);
    void emit_stack_pointer_add(std::int64_t bytes);

    // string.cc
    void emit_string(const Instruction& in);
    void emit_string_copy(const Instruction& in, unsigned size);
    void emit_string_opcode(const Instruction& in, unsigned size);
    void emit_difference(HostReg to, HostReg from);
    void emit_sum(HostReg to, HostReg one, HostReg other);
    Access string_access(HostReg pointer, unsigned size, bool write) const;

    // branch.cc
    void emit_jump(const Instruction& in);
    void emit_jump_conditional(const Instruction& in);
    unsigned condition_of(const Instruction& in) const;
    void emit_exit_if(unsigned condition, std::int64_t target, std::uint16_t guest);
    void emit_loop(const Instruction& in);
    void emit_jump_indirect(const Instruction& in);
    void emit_call(const Instruction& in);
    void emit_call_indirect(const Instruction& in);
    void emit_return(const Instruction& in);
    void emit_canonical_check(HostReg value);
    void emit_load_target(const Instruction& in);
    void emit_access_flag(const Instruction& in);
    void emit_system(const Instruction& in);
    void add_system_stub(const Jump& from, const Instruction& in);
    void emit_direct_exit(std::int64_t target, std::uint16_t guest);
    void emit_checked_exit(std::int64_t target, std::uint16_t guest);
    void emit_indirect_exit(const Instruction& in, std::int64_t added_to_stack_pointer);
    void emit_jump_stub(const JumpStub& stub);
    void emit_poll(std::int64_t target, std::uint16_t guest, bool flags_needed);
    unsigned new_exit(std::int64_t target, bool checked);
    void add_exit_stub(const Jump& from, CodeExit kind, std::uint64_t value, std::uint16_t guest);

    // block_emitter.cc: flags. The code from here on is marked with where they are.
    void save_flags();
    void restore_flags();
    void set_flags(Flags flags);

    // A guest register's value as a host operand: its home, or loaded into `scratch`.
    HostReg use(unsigned guest, HostReg scratch);
    unsigned width() const { return code64_ ? 8 : 4; }
    bool in_page(std::int64_t target) const {
        return target >= 0 && target < static_cast<std::int64_t>(mode_.page_size());
    }
    std::uint16_t guest_offset(const Instruction& in) const {
        return static_cast<std::uint16_t>(in.offset - block_[0].offset);
    }
    void load_width(HostReg to, const HostMem& from) { code64_ ? a_.load(to, from) : a_.load32(to, from); }
    void store_width(const HostMem& to, HostReg from) { code64_ ? a_.store(to, from) : a_.store32(to, from); }

    Assembler& a_;
    const Thunks& thunks_;
    std::span<Instruction> block_;
    const Loop loop_;
    const Mode mode_;
    const bool code64_;
    const ExitIndex first_exit_;
    const Gpa second_frame_;
    const EmitOptions options_;

    std::uint8_t* begin_;
    std::uint8_t* cold_;
    std::uint8_t* part_begin_;  // of the part that is being emitted
    CodeOffset hot_size_ = 0;   // 0 until that is the cold part
    Flags flags_ = Flags::Host;
    std::uint16_t guest_ = 0;   // offset in the block of the guest instruction being emitted
    int window_ = -1;           // slot of GuestState::windows that is in T1, -1: none
    unsigned copy_ = 0;         // of a loop's body, that is being emitted
    bool each_probes_ = false;  // every access probes for itself
    Lists& lists_;
};

}  // namespace hospes::translator
