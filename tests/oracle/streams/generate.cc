#include "streams/generate.h"

#include <algorithm>
#include <utility>

#include "forms/values.h"
#include "streams/snippets.h"

namespace hospes::oracle {

namespace {

constexpr unsigned kRcx = 1, kRsp = 4;
constexpr unsigned kMaxDepth = 3;

class Generator {
  public:
    Generator(Random& random, const InstructionSource& source) : random_(random), source_(source) {}

    Stream run() {
        choose_state();
        // Most streams should reach their end; some should fault soon.
        faults_ = random_.one_in(4) ? 8 : 200;
        block(5 + random_.below(26), 0);
        return std::move(stream_);
    }

  private:
    void choose_state() {
        static constexpr FpuMood kMoods[] = {FpuMood::Calm, FpuMood::Calm, FpuMood::X87, FpuMood::Sse};
        random_state(random_, kMoods[random_.below(4)], stream_.initial);
        stream_.initial.gpr[kRsp] &= ~7ull;
        for (std::uint8_t& pointer : reserved_.pointers) {
            pointer = reserve();
            reserved_.values[pointer] = kPageA + 512 + 32 * random_.below(200);
        }
        reserved_.index = reserve();
        reserved_.values[reserved_.index] = static_cast<std::uint64_t>(random_.between(-64, 64));
        for (unsigned gpr = 0; gpr < 16; ++gpr) {
            if (gpr != kRsp && reserved_.has(gpr)) stream_.initial.gpr[gpr] = reserved_.values[gpr];
        }
    }

    std::uint8_t reserve() {
        const unsigned gpr = free_register();
        reserved_.set |= 1u << gpr;
        return static_cast<std::uint8_t>(gpr);
    }

    unsigned free_register() {
        for (;;) {
            const unsigned gpr = random_.below(16);
            if (!reserved_.has(gpr)) return gpr;
        }
    }

    int here() const { return static_cast<int>(stream_.pieces.size()); }
    void set_label(int piece, int label) { stream_.pieces[static_cast<std::size_t>(piece)].label = label; }

    void block(unsigned items, unsigned depth) {
        for (unsigned i = 0; i < items; ++i) item(depth);
    }

    void item(unsigned depth) {
        const unsigned kind = depth < kMaxDepth ? random_.below(40) : 39;
        switch (kind) {
            case 0:
            case 1:
            case 2: return skip(depth);
            case 3:
            case 4: return loop(depth);
            case 5:
            case 6: return call(depth);
            case 7: return jump_through_register();
            case 8: return jump_through_memory();
            case 9: return jump_by_return();
            case 10:
            case 11:
            case 12: return push_and_pop(depth);
            case 13: return flags_over_stack(depth);
            case 14:
            case 15: return move_pointer();
            case 16: return lone_push_or_pop(depth);
            default: return source_.append(random_, reserved_, faults_, stream_);
        }
    }

    // jcc over; block; over:
    void skip(unsigned depth) {
        const unsigned condition = random_.below(16);
        int branch = 0;
        if (random_.one_in(12)) {
            branch = append_branch(stream_, {0xe3}, 1);  // jrcxz
        } else if (random_.one_in(2)) {
            branch = append_branch(stream_, {static_cast<std::uint8_t>(0x70 | condition)}, 1);
        } else {
            branch = append_branch(stream_, {0x0f, static_cast<std::uint8_t>(0x80 | condition)}, 4);
        }
        ++stream_.units;
        block(1 + random_.below(4), depth + 1);
        set_label(branch, here());
    }

    // mov counter, n; head: block; dec counter; jnz head. One loop in two walks through memory.
    void loop(unsigned depth) {
        const bool by_loop = !reserved_.has(kRcx) && random_.one_in(4);
        const bool walks = random_.one_in(2);
        const unsigned counter = by_loop ? kRcx : free_register();
        const unsigned unit = stream_.units;
        append_load(stream_, counter, 1 + random_.below(walks ? 40 : 5));
        ++stream_.units;
        const std::uint32_t before = reserved_.set;
        reserved_.set |= 1u << counter;
        const int head = here();
        if (random_.one_in(2)) compare_anything();
        block(1 + random_.below(by_loop ? 3 : 6), walks ? kMaxDepth : depth + 1);
        if (walks) random_.one_in(3) ? follow_link() : move_pointer();
        reserved_.set = before;
        const unsigned next_unit = std::exchange(stream_.units, unit);
        int branch = 0;
        if (by_loop) {
            branch = append_branch(stream_, {0xe2}, 1);
        } else {
            append_one_operand(stream_, 0xff, 1, counter, true);
            branch = append_branch(stream_, {0x0f, 0x85}, 4);
        }
        set_label(branch, head);
        stream_.units = next_unit;
    }

    // Defines all flags, which the loop's second round may have to find defined.
    void compare_anything() {
        append_piece(stream_, {0x48, 0x39, static_cast<std::uint8_t>(0xc0 | random_.below(64))});
        ++stream_.units;
    }

    // call function; jmp over; function: block; ret; over:
    void call(unsigned depth) {
        const unsigned unit = stream_.units;
        const bool indirect = random_.one_in(3);
        const unsigned through = free_register();
        const int entry = indirect ? append_load_label(stream_, through) : append_branch(stream_, {0xe8}, 4);
        if (indirect) append_one_operand(stream_, 0xff, 2, through, false);
        const int over = append_branch(stream_, {0xe9}, 4);
        ++stream_.units;
        set_label(entry, here());
        ++frames_;
        block(1 + random_.below(5), depth + 1);
        --frames_;
        const unsigned next_unit = std::exchange(stream_.units, unit);
        append_piece(stream_, {0xc3});
        stream_.units = next_unit;
        set_label(over, here());
    }

    void jump_through_register() {
        const unsigned through = free_register();
        const int load = append_load_label(stream_, through);
        append_one_operand(stream_, 0xff, 4, through, false);
        skipped_filler(load);
    }

    void jump_through_memory() {
        const unsigned through = free_register();
        const int load = append_load_label(stream_, through);
        append_piece(stream_, {static_cast<std::uint8_t>(0x48 | (through >> 3) << 2), 0x89,
                               static_cast<std::uint8_t>(0x04 | (through & 7) << 3), 0x25, 0x00, 0x12, 0x00, 0x20});
        append_piece(stream_, {0xff, 0x24, 0x25, 0x00, 0x12, 0x00, 0x20});
        skipped_filler(load);
    }

    void jump_by_return() {
        const unsigned through = free_register();
        const int load = append_load_label(stream_, through);
        append_short(stream_, 0x50, through);
        append_piece(stream_, {0xc3});
        skipped_filler(load);
    }

    // What a wrong jump would run into.
    void skipped_filler(int load) {
        append_piece(stream_, {0x0f, 0x0b});
        ++stream_.units;
        set_label(load, here());
    }

    void push_something() {
        switch (random_.below(4)) {
            case 0: append_piece(stream_, {0x6a, random_.byte()}); return;
            case 1: append_piece(stream_, {0xff, 0x34, 0x25, random_.byte(), 0x18, 0x00, 0x20}); return;
            default: append_short(stream_, 0x50, random_.below(16)); return;
        }
    }

    void pop_somewhere() {
        if (random_.one_in(4)) {
            append_piece(stream_, {0x8f, 0x04, 0x25, random_.byte(), 0x19, 0x00, 0x20});
        } else {
            append_short(stream_, 0x58, free_register());
        }
    }

    void push_and_pop(unsigned depth) {
        const unsigned unit = stream_.units;
        const bool operand_size = random_.one_in(10);  // 16 bits on either side
        const unsigned pushed = random_.below(16), popped = free_register();
        if (operand_size) {
            append_piece(stream_, {0x66, static_cast<std::uint8_t>(0x40 | pushed >> 3),
                                   static_cast<std::uint8_t>(0x50 | (pushed & 7))});
        } else {
            push_something();
        }
        ++stream_.units;
        block(random_.below(4), depth + 1);
        const unsigned next_unit = std::exchange(stream_.units, unit);
        if (operand_size) {
            append_piece(stream_, {0x66, static_cast<std::uint8_t>(0x40 | popped >> 3),
                                   static_cast<std::uint8_t>(0x58 | (popped & 7))});
        } else {
            pop_somewhere();
        }
        stream_.units = std::max(next_unit, unit + 1);
    }

    void flags_over_stack(unsigned depth) {
        const unsigned unit = stream_.units;
        append_piece(stream_, {0x9c});
        ++stream_.units;
        block(random_.below(3), depth + 1);
        const unsigned next_unit = std::exchange(stream_.units, unit);
        append_piece(stream_, {0x9d});
        stream_.units = next_unit;
    }

    // Not inside functions: their return address must stay on top.
    void lone_push_or_pop(unsigned depth) {
        if (frames_ != 0 || depth != 0) return;
        random_.one_in(2) ? push_something() : pop_somewhere();
        ++stream_.units;
    }

    // What follows addresses by the value that it has when no branch went round this.
    void move_pointer() {
        const bool moves_index = random_.one_in(4);
        const unsigned pointer = moves_index ? reserved_.index : reserved_.pointers[random_.below(3)];
        const auto step = static_cast<std::int8_t>((moves_index ? 1 : 8) * random_.between(-4, 4));
        const std::uint8_t rex = static_cast<std::uint8_t>(0x48 | pointer >> 3);
        if (random_.one_in(2)) {
            append_piece(stream_,
                         {rex, 0x83, static_cast<std::uint8_t>(0xc0 | (pointer & 7)), static_cast<std::uint8_t>(step)});
        } else {  // lea pointer, [pointer + step]
            through_pointer(0x8d, pointer, pointer, step);
        }
        ++stream_.units;
        reserved_.values[pointer] += static_cast<std::uint64_t>(static_cast<std::int64_t>(step));
    }

    // opcode reg, [pointer + disp], with a SIB byte as R12 needs one
    void through_pointer(std::uint8_t opcode, unsigned reg, unsigned pointer, std::int8_t disp) {
        append_piece(stream_, {static_cast<std::uint8_t>(0x48 | (reg >> 3) << 2 | pointer >> 3), opcode,
                               static_cast<std::uint8_t>(0x44 | (reg & 7) << 3),
                               static_cast<std::uint8_t>(0x20 | (pointer & 7)), static_cast<std::uint8_t>(disp)});
    }

    // Moves a pointer by way of memory, as a list's next element is found.
    void follow_link() {
        const unsigned pointer = reserved_.pointers[random_.below(3)];
        const unsigned next = free_register();
        const auto step = static_cast<std::int8_t>(8 * random_.between(-4, 4));
        through_pointer(0x8d, next, pointer, step);
        through_pointer(0x89, next, pointer, 0);
        through_pointer(0x8b, pointer, pointer, 0);
        ++stream_.units;
        reserved_.values[pointer] += static_cast<std::uint64_t>(static_cast<std::int64_t>(step));
    }

    Random& random_;
    const InstructionSource& source_;
    Stream stream_;
    Reserved reserved_;
    unsigned faults_ = 0;
    unsigned frames_ = 0;  // functions that we are in
};

}  // namespace

Stream generate_stream(Random& random, const InstructionSource& source) { return Generator(random, source).run(); }

}  // namespace hospes::oracle
