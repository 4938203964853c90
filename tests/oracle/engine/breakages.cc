#include "engine/breakages.h"

namespace hospes::oracle {

const std::vector<BreakageInfo>& breakages() {
    using translator::Breakage;
    static const std::vector<BreakageInfo> all = {
        {"plain", Breakage::Plain, {"int-alu"}},
        {"memory", Breakage::Memory, {"mov-extend", "int-alu"}},
        {"flags", Breakage::Flags, {"int-alu", "cmov-setcc"}},
        {"stack", Breakage::Stack, {"stack"}},
        {"branch", Breakage::Branch, {"control-flow"}},
        {"sharing", Breakage::Sharing, {}},
        {"loop", Breakage::Loop, {}},
        {"guess", Breakage::Guess, {}},
        {"bit-string", Breakage::BitString, {"bit"}},
        {"mask", Breakage::Mask, {"avx512"}},
    };
    return all;
}

const BreakageInfo* find_breakage(const std::string& name) {
    for (const BreakageInfo& info : breakages()) {
        if (name == info.name) return &info;
    }
    return nullptr;
}

std::string breakage_names() {
    std::string text;
    for (const BreakageInfo& info : breakages()) text += (text.empty() ? "" : ", ") + std::string(info.name);
    return text;
}

}  // namespace hospes::oracle
