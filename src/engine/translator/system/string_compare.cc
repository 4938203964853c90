// CMPS and SCAS.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/string_run.h"

namespace hospes::translator {

namespace {

// The last comparison made.
struct Compared {
    std::uint64_t count = 0;  // comparisons up to and with it
    std::uint64_t left = 0;
    std::uint64_t right = 0;
};

template <typename Element>
[[gnu::always_inline]] inline Element load(const std::byte* from) {
    Element value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

// Compares until `count` are done or one is not as `while_equal` says. A step of 0 compares with one value only.
template <typename Element>
Compared compare(const std::byte* left, std::int64_t left_step, const std::byte* right, std::int64_t right_step,
                 std::uint64_t count, bool while_equal) {
    std::uint64_t done = 0;
    if (while_equal && left_step > 0 && sizeof(Element) < 8) {  // eight equal bytes at a time, but not the last
        constexpr std::uint64_t kBatch = 8 / sizeof(Element);
        for (; count - done > kBatch && load<std::uint64_t>(left) == load<std::uint64_t>(right); done += kBatch) {
            left += 8;
            right += 8;
        }
    }
    for (;;) {
        const Element a = load<Element>(left);
        const Element b = load<Element>(right);
        ++done;
        if (done == count || (a == b) != while_equal) return {done, a, b};
        left += left_step;
        right += right_step;
    }
}

Compared compare(const StringRun& run, const std::byte* left, std::int64_t left_step, const std::byte* right,
                 std::uint64_t count) {
    const std::int64_t step = run.down ? -static_cast<std::int64_t>(run.size()) : static_cast<std::int64_t>(run.size());
    left_step *= step;
    const bool while_equal = run.repeat == 0xf3;
    switch (run.shift) {
        case 0: return compare<std::uint8_t>(left, left_step, right, step, count, while_equal);
        case 1: return compare<std::uint16_t>(left, left_step, right, step, count, while_equal);
        case 2: return compare<std::uint32_t>(left, left_step, right, step, count, while_equal);
        default: return compare<std::uint64_t>(left, left_step, right, step, count, while_equal);
    }
}

// Flags and counters after a chunk; whether the loop goes on.
bool finish(GuestState& state, StringRun& run, const Compared& result) {
    set_subtract_flags(state, result.left, result.right, run.size());
    step_index(state, run, x86::RDI, result.count);
    step_count(state, run, result.count);
    const bool equal = (state.rflags & x86::rflags::ZF) != 0;
    return run.left != 0 && equal == (run.repeat == 0xf3);
}

Checked<bool> compare_some(System& system, StringRun& run) {
    GuestState& state = system.state();
    const StringPlace left = GUEST_TRY(locate(state, run, run.source, state.gpr[x86::RSI], Intent::Read));
    const std::byte* source = nullptr;
    Compared result{1, 0, 0};
    if (left.count != 0) {
        source = GUEST_TRY(map_string(system, run, left.first, 1, Access::Read));
    } else {
        result.left = GUEST_TRY(read_value(system.mmu, left.first, run.size(), run.access_class));
    }
    const StringPlace right = GUEST_TRY(locate(state, run, x86::ES, state.gpr[x86::RDI], Intent::Read));
    const std::byte* target = nullptr;
    if (right.count != 0) target = GUEST_TRY(map_string(system, run, right.first, 1, Access::Read));
    if (source != nullptr && target != nullptr) {
        result = compare(run, source, 1, target, left.count < right.count ? left.count : right.count);
    } else {
        if (left.count != 0) {
            result.left = GUEST_TRY(read_value(system.mmu, left.first, run.size(), run.access_class));
        }
        result.right = GUEST_TRY(read_value(system.mmu, right.first, run.size(), run.access_class));
    }
    step_index(state, run, x86::RSI, result.count);
    return finish(state, run, result);
}

Checked<bool> scan_some(System& system, StringRun& run) {
    GuestState& state = system.state();
    const std::uint64_t value = get_gpr(state, x86::RAX, run.size());
    const StringPlace place = GUEST_TRY(locate(state, run, x86::ES, state.gpr[x86::RDI], Intent::Read));
    const std::byte* target = nullptr;
    Compared result{1, value, 0};
    if (place.count != 0) target = GUEST_TRY(map_string(system, run, place.first, 1, Access::Read));
    if (target != nullptr) {
        result = compare(run, reinterpret_cast<const std::byte*>(&value), 0, target, place.count);
    } else {
        result.right = GUEST_TRY(read_value(system.mmu, place.first, run.size(), run.access_class));
    }
    return finish(state, run, result);
}

template <Checked<bool> (*some)(System&, StringRun&)>
Checked<void> execute_comparison(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(check_string(state, in));
    StringRun run = begin_string(state, in);
    bool goes_on = run.left != 0;
    while (goes_on) {
        goes_on = GUEST_TRY(some(system, run));
        if (goes_on && pauses(state, run)) return {};
    }
    return advance(state, in);
}

}  // namespace

Checked<void> execute_cmps(System& system, const DecodedInstruction& in) {
    return execute_comparison<compare_some>(system, in);
}

Checked<void> execute_scas(System& system, const DecodedInstruction& in) {
    return execute_comparison<scan_some>(system, in);
}

}  // namespace hospes::translator
