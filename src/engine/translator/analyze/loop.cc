#include "engine/translator/analyze/loop.h"

#include <algorithm>
#include <bitset>
#include <optional>

#include "engine/translator/analyze/analyze.h"
#include "engine/translator/analyze/values.h"
#include "engine/translator/decode/decoder.h"
#include "engine/translator/decode/registers.h"

namespace hospes::translator {

using namespace x86;

namespace {

constexpr unsigned kMostCopies = 8;
constexpr unsigned kMostOfChain = 2;  // where no window is shared: little is gained by more

// Instructions up to and with the first jump back to the block's first one; 0: there is none.
unsigned body_length(std::span<const Instruction> block, Mode mode) {
    for (std::size_t i = 0; i < block.size(); ++i) {
        const Instruction& in = block[i];
        if (in.kind != Kind::Jump && in.kind != Kind::JumpConditional) continue;
        const bool ends_in_page = in.end() < mode.page_size();
        if (in.branch_target() == block[0].offset) return ends_in_page ? static_cast<unsigned>(i + 1) : 0;
    }
    return 0;
}

bool is_displaced_gpr(ZydisRegister reg) { return is_gpr(reg) && is_displaced(guest_gpr(reg)); }

// How many scratch registers emission needs for the instruction beside those of its memory operand; kAllScratch: more
// than can be told.
constexpr unsigned kAllScratch = 3;
unsigned scratch_needed(const Instruction& in) {
    const bool jumps = in.kind == Kind::JumpConditional || in.kind == Kind::Jump;
    if (jumps || in.kind == Kind::Nop) return 0;
    const bool in_window = in.memory == kNoOperand || in.sharing.role == Sharing::InWindow;
    if (in.constant != nullptr || !in_window || (in.kind != Kind::Plain && in.kind != Kind::Address))
        return kAllScratch;
    if (in.kind == Kind::Address) {
        const auto& mem = in.operand(1).mem;
        const bool plain = in.operand(0).size >= 32 && in.info().address_width == 64 && mem.base != ZYDIS_REGISTER_RIP;
        if (!plain || is_displaced_gpr(mem.base) || is_displaced_gpr(mem.index)) return kAllScratch;
    }
    return displaced_operands(in);
}

// The accesses that one window is for, and the memory that those of the first copy touch.
struct Candidate {
    LoopWindow window;
    std::int64_t step = 0;  // from one copy to the next
    std::int64_t low = 0, high = 0;

    std::int64_t low_of(unsigned copies) const { return low + std::min<std::int64_t>(0, step * (copies - 1)); }
    std::int64_t span_of(unsigned copies) const { return high - low + std::abs(step) * (copies - 1); }
};

struct Member {
    std::size_t instruction;
    unsigned candidate;
    std::int64_t offset;  // from the window's registers, in the first copy
};

class LoopPass {
  public:
    LoopPass(std::span<Instruction> body, bool guesses) : body_(body), guesses_(guesses) {}

    Loop run() {
        for (const Instruction& in : body_) at_end_.step(in);
        for (std::size_t i = 0; i < body_.size(); ++i) {
            const bool accesses = body_[i].kind == Kind::Plain && body_[i].memory != kNoOperand;
            const bool in_window = accesses && add(i);
            here_.step(body_[i]);
            if (accesses && !in_window) note_link(body_[i]);
        }
        return choose();
    }

  private:
    // How far the register that held `value`'s number at first comes in one run of the body, if by a constant.
    std::optional<std::int64_t> step_of(const Value& value) const {
        const unsigned holder = Values::first_holder(value.number);
        if (holder == kGprCount || at_end_[holder].number != value.number) return std::nullopt;
        return at_end_[holder].delta;
    }

    // Puts `guest` as it is here, times 1 << `scale`, in terms of what a register held at first.
    bool add_term(ZydisRegister reg, unsigned scale, std::uint8_t& holder, Candidate& to) const {
        const Value value = here_[guest_gpr(reg)];
        const std::optional<std::int64_t> step = step_of(value);
        if (!step) return false;
        holder = static_cast<std::uint8_t>(Values::first_holder(value.number));
        to.low += value.delta * (1 << scale);
        to.step += *step * (1 << scale);
        return true;
    }

    std::optional<Candidate> candidate_of(const Instruction& in) const {
        const auto& mem = in.memory_operand().mem;
        const bool fs_or_gs = mem.segment == ZYDIS_REGISTER_FS || mem.segment == ZYDIS_REGISTER_GS;
        if (fs_or_gs || in.info().address_width != 64 || in.access_size == 0) return std::nullopt;
        Candidate found;
        found.low = mem.disp.value;
        if (mem.base == ZYDIS_REGISTER_RIP) {
            found.window.base = LoopWindow::kPageBase;
            found.low += in.end();
        } else if (mem.base != ZYDIS_REGISTER_NONE) {
            if (!add_term(mem.base, 0, found.window.base, found)) return std::nullopt;
        }
        if (mem.index != ZYDIS_REGISTER_NONE) {
            found.window.scale = static_cast<std::uint8_t>(__builtin_ctz(mem.scale));
            if (!add_term(mem.index, found.window.scale, found.window.index, found)) return std::nullopt;
        }
        found.window.write = in.writes_memory;
        found.high = found.low + in.access_size;
        return found;
    }

    static bool same_registers(const LoopWindow& a, const LoopWindow& b) {
        return a.base == b.base && a.index == b.index && a.scale == b.scale;
    }

    bool add(std::size_t index) {
        const std::optional<Candidate> found = candidate_of(body_[index]);
        if (!found || found->span_of(2) > kMaxWindow) return false;
        for (unsigned i = 0; i < count_; ++i) {
            Candidate& candidate = candidates_[i];
            if (!same_registers(candidate.window, found->window)) continue;
            Candidate both = candidate;
            both.low = std::min(candidate.low, found->low);
            both.high = std::max(candidate.high, found->high);
            both.window.write |= found->window.write;
            if (both.span_of(2) > kMaxWindow) continue;
            candidate = both;
            members_[member_count_++] = {index, i, found->low};
            return true;
        }
        if (count_ == kWindows) return false;
        candidates_[count_] = *found;
        members_[member_count_++] = {index, count_++, found->low};
        return true;
    }

    // What a load through no window brings may be the address of the next such load: a link of a chain.
    void note_link(const Instruction& in) {
        const ZydisDecodedOperand& to = in.operand(0);
        if (in.reads_memory && is_gpr(to) && to.size == 64) links_.set(here_[guest_gpr(to.reg.value)].number);
    }

    bool is_link(std::uint32_t number) const {
        const unsigned holder = Values::first_holder(number);
        return links_.test(number) || (holder != kGprCount && links_.test(at_end_[holder].number));
    }

    // Lets the accesses of chains guess their addends, as far as there are slots.
    unsigned choose_guesses() {
        unsigned slot = kWindows - count_, count = 0;
        Values here;
        for (Instruction& in : body_) {
            if (slot > 0 && goes_through_link(in, here)) {
                in.sharing.guess = static_cast<std::uint8_t>(--slot);
                ++count;
            }
            here.step(in);
        }
        return count;
    }

    bool goes_through_link(const Instruction& in, const Values& here) const {
        if (in.kind != Kind::Plain || in.memory == kNoOperand || in.sharing.role == Sharing::InWindow) return false;
        const auto& mem = in.memory_operand().mem;
        const bool simple = mem.index == ZYDIS_REGISTER_NONE && is_gpr(mem.base) && !is_displaced_gpr(mem.base);
        return simple && is_link(here[guest_gpr(mem.base)].number);
    }

    bool fits(unsigned copies) const {
        return std::all_of(candidates_.begin(), candidates_.begin() + count_, [&](const Candidate& candidate) {
            const std::int64_t low = candidate.low_of(copies);
            return candidate.span_of(copies) <= kMaxWindow && low == static_cast<std::int32_t>(low);
        });
    }

    Loop choose() {
        const auto length = static_cast<unsigned>(body_.size());
        unsigned copies = std::min(count_ == 0 ? kMostOfChain : kMostCopies, kMostUnrolled / length);
        while (copies > 1 && !fits(copies)) --copies;
        if (copies < 2) return {};
        Loop loop{length, copies, count_, 0, {}};
        for (unsigned i = 0; i < count_; ++i) {
            loop.windows[i] = candidates_[i].window;
            loop.windows[i].low = static_cast<std::int32_t>(candidates_[i].low_of(copies));
            loop.windows[i].span = static_cast<std::uint32_t>(candidates_[i].span_of(copies));
            loop.windows[i].slot = static_cast<std::uint8_t>(kWindows - 1 - i);
        }
        for (unsigned i = 0; i < member_count_; ++i) tell(members_[i], loop);
        if (guesses_) loop.guess_count = choose_guesses();
        if (loop.slots() == 0) return {};
        choose_homes(loop);
        return loop;
    }

    // Gives all windows homes, if there are scratch registers that nothing else in the body needs. What is displaced
    // goes to T2 first.
    void choose_homes(Loop& loop) const {
        constexpr HostReg kHomes[] = {kT1, kT0, kT2};
        unsigned needed = 0;
        for (const Instruction& in : body_) needed = std::max(needed, scratch_needed(in));
        if (needed > 1 || loop.window_count + needed > std::size(kHomes)) return;
        for (unsigned i = 0; i < loop.window_count; ++i) loop.windows[i].home = kHomes[i];
    }

    void tell(const Member& member, const Loop& loop) {
        const LoopWindow& window = loop.windows[member.candidate];
        Sharing& sharing = body_[member.instruction].sharing;
        sharing.role = Sharing::InWindow;
        sharing.slot = window.slot;
        sharing.low = static_cast<std::int32_t>(member.offset - window.low);
        sharing.step = static_cast<std::int32_t>(candidates_[member.candidate].step);
    }

    std::span<Instruction> body_;
    const bool guesses_;
    Values here_, at_end_;
    std::array<Candidate, kWindows> candidates_{};
    std::array<Member, kMaxBlockInstructions> members_{};
    unsigned count_ = 0, member_count_ = 0;
    std::bitset<4 * kMaxBlockInstructions> links_;  // numbers of values
};

}  // namespace

Loop analyze_loop(std::span<Instruction> block, Mode mode, std::uint32_t without) {
    if (!shares_probes(mode) || (without & kLoops)) return {};
    const unsigned length = body_length(block, mode);
    if (length == 0) return {};
    const std::span<Instruction> body = block.first(length);
    analyze_flags(body);
    if (body[0].live_before != 0) return {};  // the probes before the first copy need the flags
    return LoopPass(body, !(without & kGuesses)).run();
}

}  // namespace hospes::translator
