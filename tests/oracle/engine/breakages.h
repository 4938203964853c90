// The names that --break knows: what is broken in the engine on purpose, and where that must show.
#pragma once

#include <string>
#include <vector>

#include "engine/translator/engine.h"

namespace hospes::oracle {

struct BreakageInfo {
    const char* name;
    translator::Breakage breakage;
    std::vector<const char*> groups;  // of forms that must turn red; none: it takes a stream
};

const std::vector<BreakageInfo>& breakages();
// nullptr if there is no such name.
const BreakageInfo* find_breakage(const std::string& name);
// "plain, memory, ..."
std::string breakage_names();

}  // namespace hospes::oracle
