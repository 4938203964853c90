#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Does what system instructions asked for.
void TranslatorVcpu::apply_flushes() {
    const std::uint32_t wanted = system_.flush;
    if (wanted == kFlushNothing) return;
    system_.flush = kFlushNothing;
    if (wanted & kFlushAll) {
        ++counters_.full_flushes;
        tlb_->flush_all();
        return;
    }
    if (wanted & kFlushOthers) tlb_->forget_other_spaces();
    if (wanted & kChangeSpace) {
        ++counters_.space_changes;
        tlb_->enter_space(state_.cr3 & 0xfff, (wanted & kFlushNonGlobal) == 0);
    } else if (wanted & kFlushNonGlobal) {
        ++counters_.flushes;
        tlb_->flush_non_global();
    }
    if (wanted & kFlushPage) {
        ++counters_.page_flushes;
        tlb_->flush_page(system_.flush_page);
    }
}

}  // namespace hospes::translator
