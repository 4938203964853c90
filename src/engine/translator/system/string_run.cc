#include "engine/translator/system/string_run.h"

namespace hospes::translator {

Checked<void> check_string(const GuestState& state, const DecodedInstruction& in) {
    if (in.info.meta.category == ZYDIS_CATEGORY_STRINGOP) return {};
    const bool off = (state.cr0 & x86::cr0::EM) != 0 || (state.cr4 & x86::cr4::OSFXSR) == 0;
    if (off || (state.cr0 & x86::cr0::TS) == 0) return undefined_opcode();
    return device_not_available();
}

StringRun begin_string(const GuestState& state, const DecodedInstruction& in) {
    StringRun run;
    run.shift = static_cast<unsigned>(__builtin_ctz(operand_bytes(in) | 8u));
    run.width = address_bytes(in);
    run.down = (state.rflags & x86::rflags::DF) != 0;
    run.access_class = state.access_class();
    for (unsigned i = 0; i < in.info.raw.prefix_count; ++i) {  // the last one counts
        const std::uint8_t prefix = in.info.raw.prefixes[i].value;
        if (prefix == 0xf2 || prefix == 0xf3) run.repeat = prefix;
    }
    for (unsigned i = 0; i < 2 && i < in.info.operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        const ZydisRegister base = operand.mem.base;
        if (base == ZYDIS_REGISTER_RSI || base == ZYDIS_REGISTER_ESI || base == ZYDIS_REGISTER_SI) {
            run.source = segment_number(operand.mem.segment);
        }
    }
    if (run.repeat != 0) {
        run.left = get_gpr(state, x86::RCX, run.width);
        if ((state.rflags & x86::rflags::TF) == 0) run.most = kPageSize;  // the trap comes after each iteration
    }
    return run;
}

Checked<StringPlace> locate(const GuestState& state, const StringRun& run, x86::SegmentRegister segment,
                            std::uint64_t offset, Intent intent) {
    const unsigned size = run.size();
    offset &= size_mask(run.width);
    StringPlace place;
    place.first = GUEST_TRY(linear_address(state, segment, offset, size, intent));
    const std::uint64_t in_page = place.first & kPageMask;
    if (in_page + size > kPageSize) return place;
    std::uint64_t count = run.down ? (in_page >> run.shift) + 1 : (kPageSize - in_page) >> run.shift;
    // Up to where the offset wraps, but for a last element that ends there: that one comes alone.
    const std::uint64_t unwrapped = run.down ? (offset >> run.shift) + 1 : (size_mask(run.width) - offset) >> run.shift;
    if (count > unwrapped) count = unwrapped != 0 ? unwrapped : 1;
    if (count > run.most) count = run.most;
    if (count > run.left) count = run.left;
    if (count > 1 && !state.code64()) {
        const auto bytes = static_cast<unsigned>(count << run.shift);
        if (!linear_address(state, segment, offset - run.back(count), bytes, intent).ok()) count = 1;
    }
    place.count = count;
    return place;
}

Checked<std::byte*> map_string(System& system, const StringRun& run, Gva first, std::uint64_t count, Access access) {
    const std::uint64_t back = run.back(count);
    const auto bytes = static_cast<unsigned>(count << run.shift);
    const Checked<std::byte*> mapped = map_memory(system.mmu, first - back, bytes, access, run.access_class);
    if (!mapped.ok()) {
        GuestFault fault = mapped.fault();
        if (fault.vector == x86::PF_) fault.address = first;  // not the lowest element but the next one faults
        return fault;
    }
    std::byte* host = mapped.value();
    return host == nullptr ? host : host + back;
}

}  // namespace hospes::translator
