// MOVS, STOS, LODS: by chunks within pages of RAM, else by elements.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/string_run.h"

namespace hospes::translator {

namespace {

// The host's own instructions on host addresses: of the same element size, so that overlapping strings and other
// vCPUs see what the guest's instruction would do. C++ code expects DF clear.
#define HOSPES_HOST_STRING(instruction, down, ...)                                      \
    do {                                                                                \
        if (down) {                                                                     \
            asm volatile("std\n\t" instruction "\n\tcld" __VA_ARGS__ : "memory", "cc"); \
        } else {                                                                        \
            asm volatile(instruction __VA_ARGS__ : "memory");                           \
        }                                                                               \
    } while (false)
#define HOSPES_MOVE : "+D"(to), "+S"(from), "+c"(count) :
#define HOSPES_FILL : "+D"(to), "+c"(count) : "a"(value)

void host_move(const StringRun& run, std::byte* to, const std::byte* from, std::uint64_t count) {
    switch (run.shift) {
        case 0: HOSPES_HOST_STRING("rep movsb", run.down, HOSPES_MOVE); return;
        case 1: HOSPES_HOST_STRING("rep movsw", run.down, HOSPES_MOVE); return;
        case 2: HOSPES_HOST_STRING("rep movsl", run.down, HOSPES_MOVE); return;
        default: HOSPES_HOST_STRING("rep movsq", run.down, HOSPES_MOVE); return;
    }
}

void host_fill(const StringRun& run, std::byte* to, std::uint64_t value, std::uint64_t count) {
    switch (run.shift) {
        case 0: HOSPES_HOST_STRING("rep stosb", run.down, HOSPES_FILL); return;
        case 1: HOSPES_HOST_STRING("rep stosw", run.down, HOSPES_FILL); return;
        case 2: HOSPES_HOST_STRING("rep stosl", run.down, HOSPES_FILL); return;
        default: HOSPES_HOST_STRING("rep stosq", run.down, HOSPES_FILL); return;
    }
}

#undef HOSPES_HOST_STRING
#undef HOSPES_MOVE
#undef HOSPES_FILL

// One or more iterations of MOVS; RSI, RDI and RCX follow. The load's faults come before the store's.
Checked<void> move_some(System& system, StringRun& run) {
    GuestState& state = system.state();
    const StringPlace from = GUEST_TRY(locate(state, run, run.source, state.gpr[x86::RSI], Intent::Read));
    const std::byte* source = nullptr;
    if (from.count != 0) source = GUEST_TRY(map_string(system, run, from.first, 1, Access::Read));
    std::uint64_t value = 0;
    if (from.count == 0) value = GUEST_TRY(read_value(system.mmu, from.first, run.size(), run.access_class));
    const StringPlace to = GUEST_TRY(locate(state, run, x86::ES, state.gpr[x86::RDI], Intent::Write));
    std::uint64_t count = from.count < to.count ? from.count : to.count;
    std::byte* target = nullptr;
    if (to.count != 0) {
        if (source == nullptr) count = 1;
        target = GUEST_TRY(map_string(system, run, to.first, count != 0 ? count : 1, Access::Write));
    }
    if (source != nullptr && target != nullptr) {
        host_move(run, target, source, count);
    } else {  // device memory, or an element that crosses pages
        count = 1;
        if (from.count != 0) {
            GUEST_TRY(check_write(system.mmu, to.first, run.size(), run.access_class));  // before a device is read
            value = GUEST_TRY(read_value(system.mmu, from.first, run.size(), run.access_class));
        }
        GUEST_TRY(write_value(system.mmu, to.first, value, run.size(), run.access_class));
    }
    step_index(state, run, x86::RSI, count);
    step_index(state, run, x86::RDI, count);
    step_count(state, run, count);
    return {};
}

Checked<void> fill_some(System& system, StringRun& run) {
    GuestState& state = system.state();
    const std::uint64_t value = state.gpr[x86::RAX];
    const StringPlace to = GUEST_TRY(locate(state, run, x86::ES, state.gpr[x86::RDI], Intent::Write));
    std::uint64_t count = to.count;
    std::byte* target = nullptr;
    if (count != 0) target = GUEST_TRY(map_string(system, run, to.first, count, Access::Write));
    if (target != nullptr) {
        host_fill(run, target, value, count);
    } else {
        count = 1;
        GUEST_TRY(write_value(system.mmu, to.first, value, run.size(), run.access_class));
    }
    step_index(state, run, x86::RDI, count);
    step_count(state, run, count);
    return {};
}

// Of a chunk of RAM only the last element stays in RAX: the others need not be read.
Checked<void> load_some(System& system, StringRun& run) {
    GuestState& state = system.state();
    const StringPlace from = GUEST_TRY(locate(state, run, run.source, state.gpr[x86::RSI], Intent::Read));
    std::uint64_t count = from.count != 0 ? from.count : 1;
    if (count > 1) {
        const std::byte* source = GUEST_TRY(map_string(system, run, from.first, 1, Access::Read));
        if (source == nullptr) count = 1;
    }
    const std::uint64_t distance = (count - 1) << run.shift;
    const Gva last = run.down ? from.first - distance : from.first + distance;
    const std::uint64_t value = GUEST_TRY(read_value(system.mmu, last, run.size(), run.access_class));
    set_gpr(state, x86::RAX, value, run.size());
    step_index(state, run, x86::RSI, count);
    step_count(state, run, count);
    return {};
}

template <Checked<void> (*some)(System&, StringRun&)>
Checked<void> execute_string(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(check_string(state, in));
    StringRun run = begin_string(state, in);
    while (run.left != 0) {
        GUEST_TRY(some(system, run));
        if (pauses(state, run)) return {};
    }
    return advance(state, in);
}

}  // namespace

Checked<void> execute_movs(System& system, const DecodedInstruction& in) {
    return execute_string<move_some>(system, in);
}

Checked<void> execute_stos(System& system, const DecodedInstruction& in) {
    return execute_string<fill_some>(system, in);
}

Checked<void> execute_lods(System& system, const DecodedInstruction& in) {
    return execute_string<load_some>(system, in);
}

}  // namespace hospes::translator
