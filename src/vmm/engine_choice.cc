#include "vmm/engine_choice.h"

#include "base/log.h"
#include "engine/choice/choice.h"

namespace hospes::vmm {

Result<machine::EngineKind> choose_engine(EngineWish wish) {
    if (wish == EngineWish::Translator) return machine::EngineKind::Translator;
    const engine::KvmFinding finding = engine::probe_kvm();
    const bool works = finding.kind == engine::KvmFinding::Works;
    if (wish == EngineWish::Kvm && !works) return Error("cannot use --engine kvm: " + finding.detail);
    const machine::EngineKind kind = works ? machine::EngineKind::Kvm : machine::EngineKind::Translator;
    if (wish == EngineWish::Auto) log_line("engine: %s, since %s", machine::name_of(kind), finding.detail.c_str());
    return kind;
}

}  // namespace hospes::vmm
