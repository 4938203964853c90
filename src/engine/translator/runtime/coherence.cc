// What keeps the vCPUs' translated code true to guest memory, although each has its own.
//
// Whoever makes a block says so in the page's state first, then looks who may write to the page unseen, and has those
// stopped, their write entries taken away and the stores on their way done. Whoever is about to write says so first,
// then looks who has code there, and has those stopped and the blocks dropped. So of two that do both at once, one at
// least sees the other. A store that was announced is made before its vCPU can be stopped again: between the two no
// block can be made of what the store changes.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Whether any vCPU has code from `page`.
bool TranslatorVcpu::has_code(std::uint64_t page) {
    VcpuSet code = shared_.pages.code(page);
    if ((code & only(index_)) != 0 && !cache_.has_code(page)) {  // dropped since
        shared_.pages.remove_code(page, index_);
        code &= ~only(index_);
    }
    return code != 0;
}

// For write entries: if so, whoever translates from the page later, or fetches its dirty log, takes them away. `now`:
// it is about to be written.
bool TranslatorVcpu::may_write_unseen(const Translation& found, bool now) {
    const std::uint64_t page = shared_.ram.page_index(found.gpa);
    if (!found.writable || has_code(page)) return false;
    if (now) {
        shared_.unwritten.clear(page);
    } else if (shared_.unwritten.holds(page)) {
        return false;
    }
    shared_.pages.add_writer(page, index_);
    return shared_.pages.code(page) == 0;
}

// To be called right before [gpa, gpa + size), in one page, is written without a write entry. Drops the code that
// others have from there; then the page is in its dirty log. The vCPU may be stopped meanwhile.
void TranslatorVcpu::announce_store(Gpa gpa, std::uint64_t size) {
    drop_others_code(gpa, size);
    shared_.unwritten.clear(shared_.ram.page_index(gpa));
}

void TranslatorVcpu::drop_others_code(Gpa gpa, std::uint64_t size) {
    const std::uint64_t page = shared_.ram.page_index(gpa);
    shared_.pages.add_writer(page, index_);
    const bool others = (shared_.pages.code(page) & ~only(index_)) != 0;
    if (!others || (shared_.pages.lines(page) & lines_at(gpa, size)) == 0) return;
    ++counters_.remote_code_drops;
    Exclusive turn(shared_.rendezvous, index_);
    shared_.pages.add_writer(page, index_);  // it may have been taken back before this turn
    const VcpuSet owners = shared_.pages.code(page) & ~only(index_);
    turn.stop(owners);
    LineSet lines = cache_.lines_in(page);
    for (VcpuSet left = owners; left != 0; left &= left - 1) {
        lines |= drop_code_of(static_cast<unsigned>(__builtin_ctzll(left)), gpa, size);
    }
    // Who came to have code there since is about to see the announcement, and says its lines again then.
    shared_.pages.keep_lines(page, lines);
}

// Gives the lines of the page that are left. `vcpu` is stopped.
LineSet TranslatorVcpu::drop_code_of(unsigned vcpu, Gpa gpa, std::uint64_t size) {
    const std::uint64_t page = shared_.ram.page_index(gpa);
    TranslatorVcpu* const other = shared_.vcpus[vcpu].load(std::memory_order_relaxed);
    if (other != nullptr) {
        other->cache_.invalidate(gpa, size);
        if (other->cache_.has_code(page)) return other->cache_.lines_in(page);
    }
    shared_.pages.remove_code(page, vcpu);
    return 0;
}

// The block is about to run: from now on stores to what it was made from are seen.
void TranslatorVcpu::claim_code(const Block& block) {
    CodeCache::PageLines pages[2];
    const unsigned count = cache_.lines_of(block, pages);
    for (unsigned i = 0; i < count; ++i) claim_lines(pages[i].page, pages[i].lines);
}

void TranslatorVcpu::claim_lines(std::uint64_t page, LineSet lines) {
    shared_.pages.add_code(page, index_, lines);
    const VcpuSet writers = shared_.pages.writers(page);
    if ((writers & only(index_)) != 0) {
        tlb_->drop_write_access(page);
        shared_.pages.remove_writer(page, index_);
    }
    if ((writers & ~only(index_)) == 0) return;
    ++counters_.remote_write_drops;
    Exclusive turn(shared_.rendezvous, index_);
    shared_.pages.add_code(page, index_, lines);  // they may have been taken back before this turn
    const VcpuSet others = shared_.pages.writers(page) & ~only(index_);
    turn.stop(others);
    for (VcpuSet left = others; left != 0; left &= left - 1) {
        const auto vcpu = static_cast<unsigned>(__builtin_ctzll(left));
        TranslatorVcpu* const other = shared_.vcpus[vcpu].load(std::memory_order_relaxed);
        if (other != nullptr) other->tlb_->drop_write_access(page);
        shared_.pages.remove_writer(page, vcpu);
    }
}

void TranslatorVcpu::before_write(void* vcpu, Gpa gpa, std::uint64_t size) {
    auto* self = static_cast<TranslatorVcpu*>(vcpu);
    if (self->cache_.has_code(self->shared_.ram.page_index(gpa))) self->cache_.invalidate(gpa, size);
    self->announce_store(gpa, size);
}

}  // namespace hospes::translator
