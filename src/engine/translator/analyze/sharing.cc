#include <algorithm>
#include <array>

#include "engine/translator/analyze/analyze.h"
#include "engine/translator/analyze/values.h"
#include "engine/translator/decode/registers.h"

namespace hospes::translator {

using namespace x86;

namespace {

// One access that can take part: base register plus constant, nothing else.
struct Access {
    Value address;
    std::uint32_t size = 0;
    bool write = false;
    bool usable = false;
};

struct Group {
    std::uint32_t number = 0;
    std::size_t first = 0;
    std::uint8_t slot = 0;
    unsigned members = 0;
    std::int64_t first_delta = 0, low = 0, high = 0;  // high: one past the last byte
    bool write = false;
    bool side_exit = false;  // a conditional jump came since the first access
};

class Pass {
  public:
    Pass(std::span<Instruction> block, unsigned slots) : block_(block), slots_(slots) {}

    void run() {
        for (std::size_t i = 0; i < block_.size(); ++i) {
            const Access access = access_of(block_[i]);
            if (access.usable) join(i, access);
            if (block_[i].kind == Kind::JumpConditional) {
                for (unsigned group = 0; group < open_; ++group) groups_[group].side_exit = true;
            }
            values_.step(block_[i]);
        }
        for (unsigned i = 0; i < open_; ++i) finish(groups_[i]);
    }

  private:
    Access access_of(const Instruction& in) const {
        switch (in.kind) {
            case Kind::Push:
            case Kind::PushFlags:
            case Kind::Call: return {plus(values_[RSP], -8), 8, true, true};
            case Kind::Pop:
            case Kind::Return: return {values_[RSP], 8, true, true};  // the stack window permits writing anyway
            case Kind::Leave: return {values_[RBP], 8, false, true};
            case Kind::Plain: break;
            default: return {};
        }
        if (in.memory == kNoOperand || in.sharing.role == Sharing::InWindow) return {};
        const auto& mem = in.memory_operand().mem;
        const bool simple = mem.index == ZYDIS_REGISTER_NONE && is_gpr(mem.base) && in.info().address_width == 64 &&
                            mem.segment != ZYDIS_REGISTER_FS && mem.segment != ZYDIS_REGISTER_GS;
        if (!simple || in.access_size == 0) return {};
        const unsigned base = guest_gpr(mem.base);
        return {plus(values_[base], mem.disp.value), in.access_size, in.writes_memory || base == RSP, true};
    }

    void join(std::size_t index, const Access& access) {
        const std::int64_t begin = access.address.delta;
        const std::int64_t end = begin + access.size;
        for (unsigned i = 0; i < open_; ++i) {
            Group& group = groups_[i];
            if (group.number != access.address.number) continue;
            const std::int64_t low = std::min(group.low, begin);
            const std::int64_t high = std::max(group.high, end);
            const bool fits = high - low <= kMaxWindow && (!access.write || group.write || !group.side_exit);
            if (!fits) {
                finish(group);
                group = start(index, access, group.slot);
                return;
            }
            group.low = low;
            group.high = high;
            group.write |= access.write;
            ++group.members;
            block_[index].sharing.role = Sharing::Later;
            block_[index].sharing.slot = group.slot;
            return;
        }
        if (open_ == slots_) return;  // stays Alone
        groups_[open_] = start(index, access, static_cast<std::uint8_t>(open_));
        ++open_;
    }

    static Group start(std::size_t index, const Access& access, std::uint8_t slot) {
        const std::int64_t begin = access.address.delta;
        return {access.address.number, index, slot, 1, begin, begin, begin + access.size, access.write, false};
    }

    void finish(const Group& group) {
        if (group.members < 2) return;
        Sharing& sharing = block_[group.first].sharing;
        sharing.role = Sharing::First;
        sharing.write = group.write;
        sharing.low = static_cast<std::int32_t>(group.low - group.first_delta);
        sharing.span = static_cast<std::uint32_t>(group.high - group.low);
        sharing.slot = group.slot;
    }

    std::span<Instruction> block_;
    const unsigned slots_;
    Values values_;
    std::array<Group, kWindows> groups_{};
    unsigned open_ = 0;
};

}  // namespace

void analyze_sharing(std::span<Instruction> block, unsigned slots) { Pass(block, slots).run(); }

}  // namespace hospes::translator
