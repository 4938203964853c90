// From the guest's RIP to translated code.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Code for the instruction at state.rip; nullptr if fetching it faulted instead.
const void* TranslatorVcpu::next_code() {
    const std::uint64_t rip = state_.rip;
    const bool special = resumed_ || force_single_ || force_plain_ || link_from_ != 0 || mode_.looked_at();
    if (!special) {
        const void* code = tlb_->known_jump(rip, mode_);
        if (code != nullptr && !CodeCache::is_dropped(code)) return code;
    }
    if (mode_.looked_at() && !begin_watched()) return nullptr;
    if (state_.code64() ? !is_canonical(rip) : rip > state_.segments[x86::CS].limit) {
        raise(general_protection());
        return nullptr;
    }
    resumed_ = false;
    const Gva address = linear(rip);
    const Gva page = address & ~kPageMask;
    if (tlb_->code_entry(page, mode_.code_class()).page != page && !resolve_code_page(page)) return nullptr;
    const CodeTlbEntry& entry = tlb_->code_entry(page, mode_.code_class());
    const Gpa gpa = (static_cast<Gpa>(entry.frame >> 1) << kPageBits) | (address & kPageMask);
    Mode mode = entry.frame & 1 ? mode_.with(Mode::kLargePage) : mode_;
    if (force_single_) mode = mode.with(Mode::kSingle);
    if (force_plain_) mode = mode.with(Mode::kPlain);
    BlockIndex index = linked_block(gpa, mode);
    if (index == 0) index = find_block(gpa, mode);
    if (index == 0) return nullptr;
    running_single_ = mode.has(Mode::kSingle);
    trace_steps_ = (state_.rflags & x86::rflags::TF) != 0;
    remember_way(index);
    const Block& block = cache_.block(index);
    const bool stale = interruption_.generation != cache_.generation();
    if (force_plain_ && rip == plain_rip_ && !stale) {  // no interrupt came between
        const std::uint64_t host_pc = interruption_.host_pc + 1;
        const auto code = reinterpret_cast<std::uint64_t>(cache_.host_address(block.entry_indirect));
        state_.twins[twin_index(host_pc)] = {host_pc, code, block.page_offset, kFailuresCounted, 0};
    }
    force_single_ = force_plain_ = false;
    state_.page_base = rip - block.page_offset;
    tlb_->use_jumps(mode_.without(Mode::kSingle).without(Mode::kBounce));
    return cache_.host_address(block.entry_saved);
}

// Enters `page` in the code TLB. False: a fault was raised, or there is nothing to run there.
bool TranslatorVcpu::resolve_code_page(Gva page) {
    const AccessClass access_class = mode_.user() ? AccessClass::User : AccessClass::Supervisor;
    Checked<Translation> found = translate(system_.mmu, page, Access::Fetch, access_class);
    if (!found.ok()) {
        GuestFault fault = found.fault();
        // The fault is at the first byte that is missing: RIP itself in its own page.
        const Gva first = linear(state_.rip);
        if (fault.vector == x86::PF_ && (first & ~kPageMask) == page) fault.address = first;
        raise(fault);
        return false;
    }
    Translation translation = found.value();
    if (shared_.ram.host(translation.gpa & ~kPageMask, kPageSize) == nullptr) {
        raise(undefined_opcode());  // a bus that nobody answers on reads as FF FF
        return false;
    }
    constexpr std::uint64_t kLarge = 1u << 21;
    const bool large =
        translation.page_bits >= 21 && shared_.ram.host(translation.gpa & ~(kLarge - 1), kLarge) != nullptr;
    tlb_->fill_code(page, translation, mode_.code_class(), large);
    return true;
}

// Where the exit that led here was linked to, if that is the block at `gpa`; else 0. Its check failed only because the
// code TLB did not know the page.
BlockIndex TranslatorVcpu::linked_block(Gpa gpa, Mode mode) const {
    if (link_from_ == 0 || generation_ != cache_.generation()) return 0;
    const BlockIndex index = cache_.exit(link_from_).linked;
    if (index == 0) return 0;
    const Block& block = cache_.block(index);
    return block.gpa == gpa && block.mode == mode && block.straddled == kNotStraddled ? index : 0;
}

BlockIndex TranslatorVcpu::find_block(Gpa gpa, Mode mode) {
    for (BlockIndex index = cache_.find(gpa, mode); index != 0; index = cache_.find(gpa, mode)) {
        const Block& block = cache_.block(index);
        if (block.straddled == kNotStraddled) return index;
        if (!second_page_ready()) return 0;
        const Gva second = second_page();
        const Gpa frame = static_cast<Gpa>(tlb_->code_entry(second, mode.code_class()).frame >> 1) << kPageBits;
        if (frame == block.straddled && block.valid) return index;
        cache_.invalidate_block(index);
    }
    if (const BlockIndex index = revive_block(gpa, mode)) return index;
    const auto page_offset = static_cast<std::uint32_t>(linear(state_.rip) & (mode.page_size() - 1));
    if (const BlockIndex index = translate_block(gpa, mode, page_offset, kNotStraddled)) return index;
    if (!second_page_ready()) return 0;
    const Gva second = second_page();
    const Gpa frame = static_cast<Gpa>(tlb_->code_entry(second, mode.code_class()).frame >> 1) << kPageBits;
    return translate_block(gpa, mode, page_offset, frame);
}

// A block that was dropped when its bytes were written, and has them again.
BlockIndex TranslatorVcpu::revive_block(Gpa gpa, Mode mode) {
    const BlockIndex index = cache_.revive(gpa, mode);
    if (index == 0) return 0;
    claim_code(cache_.block(index));
    if (cache_.can_run(index)) return index;
    cache_.invalidate_block(index);  // written before the claim was seen
    return 0;
}

// The block's own check reads the code TLB: the second page must be in it.
bool TranslatorVcpu::second_page_ready() {
    const Gva page = second_page();
    return tlb_->code_entry(page, mode_.code_class()).page == page || resolve_code_page(page);
}

// Makes the way that led here lead to the block directly from now on.
void TranslatorVcpu::remember_way(BlockIndex index) {
    const Block& block = cache_.block(index);
    const bool usual = !block.mode.looked_at() && !force_plain_;
    if (link_from_ != 0 && usual && generation_ == cache_.generation()) {
        const ExitRecord& record = cache_.exit(link_from_);
        const Mode from = cache_.block(record.source).mode.without(Mode::kPlain);
        const Mode to = block.mode.without(Mode::kPlain);
        const Mode expected = record.changes_access ? from.other_access() : from;
        if (cache_.block(record.source).valid && (record.checked || expected == to)) cache_.link(link_from_, index);
    }
    // What the jump cache knows by RIP, INVLPG names by linear address.
    if (link_from_ == 0 && usual && cache_.fills_jump_cache() && !block.mode.has(Mode::kSegmented)) {
        const bool global = tlb_->code_entry(state_.rip, mode_.code_class()).global != 0;
        const auto code = reinterpret_cast<std::uint64_t>(cache_.host_address(block.entry_indirect));
        tlb_->fill_jump(state_.rip, code, block.mode.without(Mode::kPlain), global);
    }
    link_from_ = 0;
}

std::uint64_t TranslatorVcpu::rip_at(std::uint64_t host_pc) const {
    const Block& block = cache_.block(cache_.block_at(host_pc));
    return next_rip(block.page_offset + cache_.position_at(block, host_pc).guest_offset);
}

}  // namespace hospes::translator
