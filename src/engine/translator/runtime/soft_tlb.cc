#include "engine/translator/runtime/soft_tlb.h"

namespace hospes::translator {

namespace {

constexpr std::uint32_t kManyWriters = ~0u;

std::uint64_t page_of(Gva address) { return address & ~kPageMask; }
bool same_page(Gva one, Gva other, unsigned page_bits) { return (one ^ other) >> page_bits == 0; }

}  // namespace

void SoftTlb::fill(Gva address, const Translation& found, AccessClass access_class, bool writable) {
    const unsigned table = static_cast<unsigned>(access_class);
    const unsigned index = TlbTable::index(address);
    TlbEntry& entry = state_.tlb[table].entries[index];
    const std::uint64_t page = page_of(address);
    const Gpa frame = page_of(found.gpa);
    const auto host_page = reinterpret_cast<std::uint64_t>(ram_.host(frame, kPageSize));
    const bool known = entry.read_tag == 0 - page;
    if (!known && entry.read_tag != empty_tag(index)) keep_victim(table, index);
    entry.read_tag = 0 - page;
    entry.write_tag = writable ? 0 - page : empty_tag(index);
    entry.addend = host_page - page;
    entry.host_page = host_page;
    if (writable) note_writer(ram_.page_index(frame), table, index, host_page);
    if (found.page_bits > kPageBits) note_large_page(address, found.page_bits);
    if (found.page_bits > 22) huge_pages_.add(address >> 30);
    if (!known || is_global_[table].holds(index) != found.global) {
        is_global_[table].set(index, found.global);
        filled_[table][found.global].add(index);
    }
    if (state_.stack_window[table].tag == 0 - page && !writable) state_.stack_window[table] = {kNoWindow, 0};
}

void SoftTlb::note_large_page(Gva address, unsigned page_bits) {
    large_pages_.add(address >> 21);
    if (page_bits == 22) large_pages_.add(address >> 21 ^ 1);  // the other half of 4 MiB
}

// The entry that is about to be replaced stays reachable for a while.
void SoftTlb::keep_victim(unsigned table, unsigned index) {
    const TlbEntry& old = state_.tlb[table].entries[index];
    const unsigned place = victim_index(0 - old.read_tag);
    TlbEntry& victim = state_.victims[table][place];
    victim = old;
    any_victims_ = true;
    if (old.write_tag == empty_tag(index)) {
        victim.write_tag = empty_victim_tag(place);
        return;
    }
    writers_[ram_page_of(old.host_page)] = kManyWriters;
}

void SoftTlb::clear_victims() {
    if (!any_victims_) return;
    any_victims_ = false;
    for (auto& table : state_.victims) {
        for (unsigned place = 0; place < kVictimEntries; ++place) {
            table[place] = {empty_victim_tag(place), empty_victim_tag(place), 0, 0};
        }
    }
}

void SoftTlb::fill_stack_window(Gva address, AccessClass access_class) {
    const std::uint64_t page = page_of(address);
    state_.stack_window[static_cast<unsigned>(access_class)] = {
        0 - page, state_.tlb[static_cast<unsigned>(access_class)].at(address).addend};
}

void SoftTlb::note_writer(std::uint64_t page, unsigned table, unsigned index, std::uint64_t host_page) {
    const std::uint32_t writer = 1 + (table << kTlbBits | index);
    std::uint32_t& known = writers_[page];
    if (known == 0 || (known != kManyWriters && !writes_to(known, host_page))) {
        known = writer;
    } else if (known != writer) {
        known = kManyWriters;
    }
}

bool SoftTlb::writes_to(std::uint32_t writer, std::uint64_t host_page) const {
    const unsigned index = (writer - 1) & (kTlbEntries - 1);
    const TlbEntry& entry = state_.tlb[(writer - 1) >> kTlbBits].entries[index];
    return entry.host_page == host_page && entry.write_tag != empty_tag(index);
}

void SoftTlb::drop_write_tag(unsigned table, unsigned index, std::uint64_t host_page) {
    TlbEntry& entry = state_.tlb[table].entries[index];
    if (entry.host_page == host_page) entry.write_tag = empty_tag(index);
}

void SoftTlb::drop_write_access(std::uint64_t page) {
    ++write_drops_;
    std::uint32_t& writer = writers_[page];
    if (writer == 0) return;
    const Gpa gpa = page << kPageBits;
    const Gpa frame = gpa < ram_.low_size() ? gpa : gpa - ram_.low_size() + memory::kHighStart;
    const auto host_page = reinterpret_cast<std::uint64_t>(ram_.host(frame, kPageSize));
    if (writer != kManyWriters) {
        drop_write_tag((writer - 1) >> kTlbBits, (writer - 1) & (kTlbEntries - 1), host_page);
    } else {
        for (unsigned table = 0; table < kAccessClasses; ++table) {
            for (const auto& log : filled_[table]) {
                for_each(log, kTlbEntries, [&](unsigned index) { drop_write_tag(table, index, host_page); });
            }
        }
        clear_victims();
    }
    writer = 0;
    clear_stack_windows();
}

void SoftTlb::drop_write_access(std::uint64_t first, std::uint64_t count) {
    ++write_drops_;
    const std::uint64_t begin = reinterpret_cast<std::uint64_t>(ram_.host(0, kPageSize)) + (first << kPageBits);
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        for (const auto& log : filled_[table]) {
            for_each(log, kTlbEntries, [&](unsigned index) {
                TlbEntry& entry = state_.tlb[table].entries[index];
                if (entry.host_page - begin < count << kPageBits) entry.write_tag = empty_tag(index);
            });
        }
    }
    clear_victims();
    clear_stack_windows();
}

void SoftTlb::fill_code(Gva address, const Translation& found, unsigned code_class, bool large) {
    const unsigned index = code_index(address);
    CodeTlbEntry& entry = state_.code_tlb[code_class][index];
    if (entry.page == kNoPage) filled_code_[code_class].add(index);
    entry.page = page_of(address);
    entry.frame = static_cast<std::uint32_t>(found.gpa >> kPageBits << 1) | (large ? 1u : 0u);
    entry.global = found.global ? 1 : 0;
    code_pages_.add(address >> kPageBits);
    if (found.page_bits > kPageBits) note_large_page(address, found.page_bits);
    if (found.page_bits > 22) huge_pages_.add(address >> 30);
}

void SoftTlb::fill_jump(Gva target, std::uint64_t host_code, Mode mode, bool global) {
    const unsigned table = static_cast<unsigned>(mode.access_class());
    use_jumps(mode.without(Mode::kLargePage));
    const unsigned set = jump_set(target);
    JumpCacheEntry* const entries = &state_.jump_cache[table][set];
    const bool first_taken = entries[0].target != no_target(set) && entries[0].target != target;
    if (first_taken && entries[1].target != target) {
        put_jump(table, set + 1, entries[0], is_global_jump_[table].holds(set));
        entries[0].target = no_target(set);
    }
    const unsigned way = entries[1].target == target ? 1 : 0;
    put_jump(table, set + way, {target, host_code}, global);
}

void SoftTlb::put_jump(unsigned table, unsigned index, const JumpCacheEntry& jump, bool global) {
    JumpCacheEntry& entry = state_.jump_cache[table][index];
    const bool logged = entry.target != no_target(index) && is_global_jump_[table].holds(index) == global;
    if (!logged) filled_jumps_[table][global].add(index);
    is_global_jump_[table].set(index, global);
    entry = jump;
}

void SoftTlb::reset_table(unsigned table) {
    for (unsigned index = 0; index < kTlbEntries; ++index) state_.tlb[table].clear(index);
    for (auto& log : filled_[table]) log.count = 0;
}

void SoftTlb::reset_jumps(unsigned table) {
    for (unsigned index = 0; index < kJumpEntries; ++index) state_.jump_cache[table][index].target = no_target(index);
    for (auto& log : filled_jumps_[table]) log.count = 0;
}

void SoftTlb::reset_code(unsigned code_class) {
    for (CodeTlbEntry& entry : state_.code_tlb[code_class]) entry = {kNoPage, 0, 0};
    filled_code_[code_class].count = 0;
}

void SoftTlb::clear_table(unsigned table, bool global) {
    auto& log = filled_[table][global];
    if (!log.complete()) {
        reset_table(table);
        return;
    }
    for (unsigned i = 0; i < log.count; ++i) state_.tlb[table].clear(log.entries[i]);
    log.count = 0;
}

void SoftTlb::clear_jumps(unsigned table, bool global) {
    auto& log = filled_jumps_[table][global];
    if (!log.complete()) {
        reset_jumps(table);
        return;
    }
    for (unsigned i = 0; i < log.count; ++i) {
        state_.jump_cache[table][log.entries[i]].target = no_target(log.entries[i]);
    }
    log.count = 0;
}

void SoftTlb::change_jump_mode(Mode mode) {
    const auto table = static_cast<unsigned>(mode.access_class());
    if (jump_modes_[table] == mode) return;
    clear_jumps(table, false);
    clear_jumps(table, true);
    jump_modes_[table] = mode;
}

void SoftTlb::clear_code(bool global) {
    for (unsigned code_class = 0; code_class < 2; ++code_class) {
        auto& log = filled_code_[code_class];
        if (global || !log.complete()) {
            reset_code(code_class);
            continue;
        }
        unsigned left = 0;
        for (unsigned i = 0; i < log.count; ++i) {
            CodeTlbEntry& entry = state_.code_tlb[code_class][log.entries[i]];
            if (entry.global == 0) {
                entry.page = kNoPage;
            } else {
                log.entries[left++] = log.entries[i];
            }
        }
        log.count = left;
    }
}

void SoftTlb::clear_stack_windows() {
    for (StackWindow& window : state_.stack_window) window = {kNoWindow, 0};
}

void SoftTlb::flush_jumps() {
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        clear_jumps(table, false);
        clear_jumps(table, true);
    }
    spaces_.forget_jumps();
}

void SoftTlb::flush_all() {
    spaces_.forget_all();
    space_ = (state_.cr4 & x86::cr4::PCIDE) != 0 ? state_.cr3 & 0xfff : 0;
    flush_non_global();
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        clear_table(table, true);
        clear_jumps(table, true);
    }
    clear_code(true);
    large_pages_.clear();
    huge_pages_.clear();
    code_pages_.clear();
}

void SoftTlb::flush_non_global() {
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        clear_table(table, false);
        clear_jumps(table, false);
    }
    clear_code(false);
    clear_stack_windows();
    clear_victims();
}

void SoftTlb::flush_page(Gva address) {
    clear_victims();
    if (huge_pages_.may_hold(address >> 30)) {
        flush_all();
        return;
    }
    if (large_pages_.may_hold(address >> 21)) {
        flush_large_page(address);
        return;
    }
    const unsigned index = TlbTable::index(address);
    for (TlbTable& table : state_.tlb) {
        const TlbEntry& entry = table.entries[index];
        if (entry.read_tag == 0 - page_of(address) || entry.write_tag == 0 - page_of(address)) table.clear(index);
    }
    clear_stack_windows();
    if (code_pages_.may_hold(address >> kPageBits)) flush_code_page(address, kPageBits);
}

// 32-bit paging has pages of 4 MiB: their other half goes too.
void SoftTlb::flush_large_page(Gva address) {
    const unsigned page_bits = state_.long_mode() ? 21 : 22;
    const Gva start = address >> page_bits << page_bits;
    for (Gva at = start; at - start < 1ull << page_bits; at += kPageSize) {
        const unsigned index = TlbTable::index(at);
        for (TlbTable& table : state_.tlb) {
            const TlbEntry& entry = table.entries[index];
            if (entry.read_tag == 0 - at || entry.write_tag == 0 - at) table.clear(index);
        }
    }
    clear_stack_windows();
    flush_code_page(address, page_bits);
}

void SoftTlb::flush_code_page(Gva address, unsigned page_bits) {
    for (unsigned code_class = 0; code_class < 2; ++code_class) {
        for_each(filled_code_[code_class], kCodeEntries, [&](unsigned index) {
            CodeTlbEntry& entry = state_.code_tlb[code_class][index];
            if (same_page(entry.page, address, page_bits)) entry.page = kNoPage;
        });
    }
    for (unsigned table = 0; table < kAccessClasses; ++table) {
        for (const auto& log : filled_jumps_[table]) {
            for_each(log, kJumpEntries, [&](unsigned index) {
                JumpCacheEntry& entry = state_.jump_cache[table][index];
                if (same_page(entry.target, address, page_bits)) entry.target = no_target(index);
            });
        }
    }
}

}  // namespace hospes::translator
