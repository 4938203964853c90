// What a TLB probe that missed calls.
#include "engine/translator/runtime/vcpu.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

// Of the host's x87, which has the guest's state while translated code runs.
[[gnu::always_inline]] inline bool x87_exception_pending() {
    std::uint16_t status;
    __asm__ volatile("fnstsw %0" : "=a"(status));
    return (status & 0x80) != 0;
}

}  // namespace

std::uint64_t TranslatorVcpu::slow_path(GuestState* state, std::uint64_t address, std::uint32_t info,
                                        std::uint64_t host_pc) {
    return static_cast<TranslatorVcpu*>(state->vcpu)->slow_access(address, info, host_pc);
}

void TranslatorVcpu::count_failure(PlainTwin& twin, std::uint64_t host_pc) {
    if (--twin.failures_left >= 0) return;
    twin.failures_left = kFailuresCounted;
    counters_.shared_failures += kFailuresCounted;
    const std::uint64_t now = __builtin_ia32_rdtsc();
    if (now - twin.since < kShortTime) cache_.make_plain(cache_.block_at(host_pc - 1));
    twin.since = now;
}

std::uint64_t TranslatorVcpu::leave_block(Interruption::Kind kind, Gva address, std::uint32_t info,
                                          std::uint64_t host_pc) {
    PlainTwin& twin = state_.twins[twin_index(host_pc)];
    if (kind == Interruption::Kind::Plain && twin.host_pc == host_pc) {
        state_.exit_target = twin.host_code;
        state_.exit_record = twin.page_offset;
        count_failure(twin, host_pc);
        return kSlowJump;
    }
    interruption_.kind = kind;
    interruption_.address = address;
    interruption_.info = info;
    interruption_.host_pc = host_pc - 1;  // the call lies before its return address
    interruption_.generation = cache_.generation();
    return kSlowExit;
}

// A group whose later accesses write is looked at without setting the D bit: they may not come to run.
Checked<Translation> TranslatorVcpu::translate_access(Gva address, std::uint32_t info, AccessClass access_class) {
    if (info & AccessInfo::kWrite) return translate(system_.mmu, address, Access::Write, access_class);
    const Translation found = GUEST_TRY(translate(system_.mmu, address, Access::Read, access_class));
    if ((info & AccessInfo::kNeedsWrite) && !found.writable) return redo_cold();
    return found;
}

// What comes before translation: a pending x87 exception, segmentation, alignment. Gives the linear address.
Checked<Gva> TranslatorVcpu::check_access(Gva address, std::uint32_t info) const {
    if ((info & AccessInfo::kX87) && x87_exception_pending()) return GuestFault{x86::MF, false, 0, 0};
    const bool code64 = mode_.has(Mode::kCode64);
    if (!code64 && address < kSegmentGuard && !mode_.has(Mode::kAlignment)) return address;
    const auto segment = static_cast<x86::SegmentRegister>(info >> AccessInfo::kSegmentShift & 7);
    std::uint64_t offset = address;
    if (!code64 || segment >= x86::FS) offset -= state_.segments[segment].base;
    if (!code64) offset &= 0xffff'ffff;
    const unsigned size = info & ((1u << AccessInfo::kSizeBits) - 1);
    return linear_address(state_, segment, offset, size, info & AccessInfo::kWrite ? Intent::Write : Intent::Read,
                          AccessInfo::alignment_mask(info));
}

// For an access through the stack window to another page that the TLB has: its addend, and the window is there from now
// on. Else 0.
std::uint64_t TranslatorVcpu::move_stack_window(Gva address, std::uint32_t info) {
    if ((info & AccessInfo::kStack) == 0) return 0;
    state_.stack_patience = kStackPatience;  // even if the window stays: the thunk has taken it below zero
    const unsigned size = info & ((1u << AccessInfo::kSizeBits) - 1);
    const bool checked = (info & AccessInfo::kX87) != 0 || !mode_.has(Mode::kCode64) || mode_.has(Mode::kAlignment);
    if (checked || (address & kPageMask) + size > kPageSize) return 0;
    const auto access_class = static_cast<AccessClass>(info >> AccessInfo::kClassShift & 3);
    const TlbEntry& entry = state_.tlb[static_cast<unsigned>(access_class)].at(address);
    if (entry.write_tag != 0 - (address & ~kPageMask)) return 0;
    tlb_->fill_stack_window(address, access_class);
    return entry.addend;
}

// Only the bytes from the first one that the mask lets through to the last are accessed, as far as pages go: an operand
// lies in two pages at most, and then either end's is used.
std::uint64_t TranslatorVcpu::find_masked(Gva address, std::uint32_t info, std::uint64_t host_pc) {
    const Lanes lanes = AccessInfo::lanes(info);
    const unsigned size = info & ((1u << AccessInfo::kSizeBits) - 1);
    const std::uint64_t bytes = lanes.bytes(size, live_mask(lanes.mask));
    if (bytes == 0) return reinterpret_cast<std::uint64_t>(bounce_ + (address & 63)) - address;  // nothing is accessed
    const auto first = static_cast<unsigned>(__builtin_ctzll(bytes));
    const auto end = 64 - static_cast<unsigned>(__builtin_clzll(bytes));
    interruption_.skipped = first;
    const std::uint32_t rest = info & ~((1u << AccessInfo::kSizeBits) - 1);
    return find_addend(address + first, rest | (end - first), host_pc);
}

// A block that was left waiting in the middle must not use what its earlier probes found.
std::uint64_t TranslatorVcpu::slow_access(Gva address, std::uint32_t info, std::uint64_t host_pc) {
    const std::uint64_t stops = shared_.rendezvous.stops(index_);
    interruption_.skipped = 0;
    const bool masked = AccessInfo::lanes(info).mask != 0;
    const std::uint64_t answer = masked ? find_masked(address, info, host_pc) : find_addend(address, info, host_pc);
    if (stops == shared_.rendezvous.stops(index_) || (answer & kSlowExit) != 0) return answer;
    const bool alone = cache_.block(cache_.block_at(host_pc - 1)).instructions == 1;
    return alone ? answer : leave_block(Interruption::Kind::Plain, address, info, host_pc);
}

std::uint64_t TranslatorVcpu::find_addend(Gva address, std::uint32_t info, std::uint64_t host_pc) {
    using Why = Interruption::Kind;
    ++counters_.tlb_misses;
    if (mode_.has(Mode::kAlignment)) address -= kAlignmentGuard;
    const unsigned size = info & ((1u << AccessInfo::kSizeBits) - 1);
    const auto access_class = static_cast<AccessClass>(info >> AccessInfo::kClassShift & 3);
    const bool shared = (info & AccessInfo::kShared) != 0;
    if (const std::uint64_t addend = move_stack_window(address, info)) return addend;
    const Gva seen_page = address & ~kPageMask;  // by translated code: with the segment guard
    const Checked<Gva> linear = check_access(address, info);
    if (!linear.ok()) {
        interruption_.fault = linear.fault();
        return leave_block(shared ? Why::Plain : Why::Fault, address, info, host_pc);
    }
    address = linear.value();
    if ((address & kPageMask) + size > kPageSize) {
        if (watch_.any_data()) return leave_block(shared ? Why::Plain : Why::Bounce, address, info, host_pc);
        const bool as_seen = mode_.has(Mode::kCode64) && !mode_.has(Mode::kAlignment);
        const bool write = (info & AccessInfo::kWrite) != 0;
        const std::uint64_t addend = shared || !as_seen ? 0 : cross_pages(address, size, access_class, write);
        if (addend != 0) return addend;
        return leave_block(shared ? Why::Plain : Why::Bounce, address, info, host_pc);
    }
    const Checked<Translation> translated = translate_access(address, info, access_class);
    if (!translated.ok()) {
        interruption_.fault = translated.fault();
        return leave_block(shared ? Why::Plain : Why::Fault, address, info, host_pc);
    }
    const Translation found = translated.value();
    std::byte* host = shared_.ram.host(found.gpa & ~kPageMask, kPageSize);
    if (host == nullptr) return leave_block(shared ? Why::Plain : Why::Bounce, address, info, host_pc);
    shared_.ram.populate(found.gpa);
    const std::uint64_t addend = reinterpret_cast<std::uint64_t>(host) - seen_page;
    if (watch_.any_data() && watch_.data_in_page(address)) {
        if (shared) return leave_block(Why::Plain, address, info, host_pc);
        const bool write = (info & AccessInfo::kWrite) != 0;
        if (!access_watched(address, size, write, host_pc)) return leave_block(Why::Single, address, info, host_pc);
        return write ? write_to_code_page(address, found, info, host_pc, addend) : addend;
    }
    const bool write = (info & (AccessInfo::kWrite | AccessInfo::kNeedsWrite)) != 0;
    const bool writable = may_write_unseen(found, write);
    if (!writable && write) {
        return write_to_code_page(address, found, info, host_pc, addend);
    }
    tlb_->fill(address, found, access_class, writable);
    if ((info & AccessInfo::kStack) && writable) tlb_->fill_stack_window(address, access_class);
    return addend;
}

// The page stays without a write entry, so that every store to it comes here.
std::uint64_t TranslatorVcpu::write_to_code_page(Gva address, const Translation& found, std::uint32_t info,
                                                 std::uint64_t host_pc, std::uint64_t addend) {
    using Why = Interruption::Kind;
    ++counters_.writes_to_code;
    const unsigned size = info & ((1u << AccessInfo::kSizeBits) - 1);
    if (cache_.overlaps_code(found.gpa, size)) {
        if (info & AccessInfo::kShared) return leave_block(Why::Plain, address, info, host_pc);
        // What this block does after the store may be different code then.
        const Block& block = cache_.block(cache_.block_at(host_pc - 1));
        const bool alone = block.instructions == 1;
        if (!alone && cache_.made_from(block, found.gpa, size)) return leave_block(Why::Single, address, info, host_pc);
        cache_.invalidate(found.gpa, size);
    }
    announce_store(found.gpa, size);
    return addend;
}

void TranslatorVcpu::walked_for_read(void* vcpu, Gva address, const Translation& found, AccessClass access_class) {
    auto* self = static_cast<TranslatorVcpu*>(vcpu);
    const bool writable = self->may_write_unseen(found, false);
    self->tlb_->fill(address, found, access_class, writable);
}

}  // namespace hospes::translator
