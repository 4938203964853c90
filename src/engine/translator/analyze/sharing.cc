#include <algorithm>
#include <array>

#include "engine/translator/analyze/analyze.h"

namespace hospes::translator {

using namespace x86;

namespace {

constexpr std::int64_t kMaxSpan = 256;  // a wider group would too often run over a page's end
constexpr unsigned kSlots = 8;

// A register's value as "value number + constant".
struct Value {
    std::uint32_t number = 0;
    std::int64_t delta = 0;
};

// One access that can take part: base register plus constant, nothing else.
struct Access {
    Value address;
    std::uint32_t size = 0;
    bool write = false;
    bool usable = false;
};

struct Group {
    std::uint32_t number = 0;
    std::size_t first = 0, last = 0;
    unsigned members = 0;
    std::int64_t first_delta = 0, low = 0, high = 0;  // high: one past the last byte
    bool write = false;
    bool side_exit = false;  // a conditional jump came since the first access
};

unsigned guest_gpr(ZydisRegister reg) {
    return static_cast<unsigned>(ZydisRegisterGetId(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg)));
}

bool is_gpr(ZydisRegister reg) {
    const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
    return kind == ZYDIS_REGCLASS_GPR64 || kind == ZYDIS_REGCLASS_GPR32 || kind == ZYDIS_REGCLASS_GPR16 ||
           kind == ZYDIS_REGCLASS_GPR8;
}

class Pass {
  public:
    explicit Pass(std::span<Instruction> block) : block_(block) {
        for (Value& value : values_) value = fresh();
    }

    void run() {
        for (std::size_t i = 0; i < block_.size(); ++i) {
            const Access access = access_of(block_[i]);
            if (access.usable) join(i, access);
            step(block_[i]);
        }
        for (unsigned i = 0; i < open_; ++i) finish(groups_[i]);
    }

  private:
    Value fresh() { return {++last_number_, 0}; }
    Value plus(const Value& value, std::int64_t constant) const { return {value.number, value.delta + constant}; }

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
        if (in.memory == kNoOperand) return {};
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
            const bool fits = high - low <= kMaxSpan && (!access.write || group.write || !group.side_exit);
            if (!fits) {
                finish(group);
                group = start(index, access);
                return;
            }
            group.low = low;
            group.high = high;
            group.write |= access.write;
            group.last = index;
            ++group.members;
            block_[index].sharing.role = Sharing::Later;
            block_[index].sharing.slot = static_cast<std::uint8_t>(slots_[i]);
            return;
        }
        if (open_ == kSlots) return;  // stays Alone
        slots_[open_] = open_;
        groups_[open_++] = start(index, access);
    }

    Group start(std::size_t index, const Access& access) {
        const std::int64_t begin = access.address.delta;
        return {access.address.number, index, index, 1, begin, begin, begin + access.size, access.write, false};
    }

    void finish(const Group& group) {
        if (group.members < 2) return;
        Sharing& sharing = block_[group.first].sharing;
        sharing.role = Sharing::First;
        sharing.write = group.write;
        sharing.low = static_cast<std::int32_t>(group.low - group.first_delta);
        sharing.span = static_cast<std::uint32_t>(group.high - group.low);
        for (unsigned i = 0; i < open_; ++i) {
            if (&groups_[i] == &group) sharing.slot = static_cast<std::uint8_t>(slots_[i]);
        }
    }

    // Carries the values over one instruction.
    void step(const Instruction& in) {
        if (in.kind == Kind::JumpConditional) {
            for (unsigned i = 0; i < open_; ++i) groups_[i].side_exit = true;
        }
        if (step_stack(in) || step_arithmetic(in)) return;
        for (unsigned i = 0; i < in.info().operand_count; ++i) {
            const ZydisDecodedOperand& operand = in.operand(i);
            if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(operand.reg.value) &&
                (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
                values_[guest_gpr(operand.reg.value)] = fresh();
            }
        }
    }

    bool step_stack(const Instruction& in) {
        const bool to_register = in.operand(0).type == ZYDIS_OPERAND_TYPE_REGISTER;
        switch (in.kind) {
            case Kind::Push:
            case Kind::PushFlags:
            case Kind::Call:
            case Kind::CallIndirect: values_[RSP] = plus(values_[RSP], -8); return true;
            case Kind::Pop:
                values_[RSP] = plus(values_[RSP], 8);
                if (to_register) values_[guest_gpr(in.operand(0).reg.value)] = fresh();
                return true;
            case Kind::Leave:
                values_[RSP] = plus(values_[RBP], 8);
                values_[RBP] = fresh();
                return true;
            default: return false;
        }
    }

    // MOV, ADD, SUB, LEA, INC and DEC of 64-bit registers keep the relation.
    bool step_arithmetic(const Instruction& in) {
        const ZydisDecodedOperand& to = in.operand(0);
        if (to.type != ZYDIS_OPERAND_TYPE_REGISTER || to.size != 64 || !is_gpr(to.reg.value)) return false;
        const unsigned target = guest_gpr(to.reg.value);
        const ZydisDecodedOperand& from = in.operand(1);
        const bool immediate =
            from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && from.imm.value.s >= -4096 && from.imm.value.s <= 4096;
        switch (in.info().mnemonic) {
            case ZYDIS_MNEMONIC_ADD:
                if (!immediate) return false;
                values_[target] = plus(values_[target], from.imm.value.s);
                return true;
            case ZYDIS_MNEMONIC_SUB:
                if (!immediate) return false;
                values_[target] = plus(values_[target], -from.imm.value.s);
                return true;
            case ZYDIS_MNEMONIC_INC: values_[target] = plus(values_[target], 1); return true;
            case ZYDIS_MNEMONIC_DEC: values_[target] = plus(values_[target], -1); return true;
            case ZYDIS_MNEMONIC_MOV:
                if (from.type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(from.reg.value)) return false;
                values_[target] = values_[guest_gpr(from.reg.value)];
                return true;
            case ZYDIS_MNEMONIC_LEA: return step_lea(target, from.mem, in.info().address_width);
            default: return false;
        }
    }

    bool step_lea(unsigned target, const ZydisDecodedOperandMem& mem, unsigned width) {
        if (mem.index != ZYDIS_REGISTER_NONE || !is_gpr(mem.base) || width != 64) return false;
        if (mem.disp.value < -4096 || mem.disp.value > 4096) return false;
        values_[target] = plus(values_[guest_gpr(mem.base)], mem.disp.value);
        return true;
    }

    std::span<Instruction> block_;
    std::array<Value, kGprCount> values_{};
    std::array<Group, kSlots> groups_{};
    std::array<unsigned, kSlots> slots_{};
    unsigned open_ = 0;
    std::uint32_t last_number_ = 0;
};

}  // namespace

void analyze_sharing(std::span<Instruction> block, Mode mode) {
    const bool one_by_one =
        mode.has(Mode::kPlain) || mode.has(Mode::kBounce) || mode.has(Mode::kSingle) || mode.has(Mode::kAlignment);
    if (!mode.has(Mode::kCode64) || one_by_one) return;
    Pass(block).run();
}

}  // namespace hospes::translator
