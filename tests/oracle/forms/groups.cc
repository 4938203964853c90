#include "forms/form.h"

namespace hospes::oracle {

namespace {

constexpr GroupInfo kGroups[kGroupCount] = {
    {"int-alu", 1},   {"int-mul-div", 1}, {"shift-rotate", 1}, {"bit", 1},          {"bmi", 1},
    {"mov-extend", 1}, {"cmov-setcc", 1},  {"string", 1},       {"stack", 1},        {"control-flow", 1},
    {"atomic", 1},    {"flags", 1},       {"privileged", 1},   {"x87", 1},          {"fpu-env", 1},
    {"mmx", 1},       {"sse", 1},         {"sse2", 1},         {"ssse3-sse4", 1},   {"aes-sha-pclmul", 1},
    {"avx", 1},       {"avx2", 1},        {"fma", 1},          {"f16c", 1},         {"compat32", 1},
    {"invalid", 1},
};

}  // namespace

const GroupInfo& group_info(Group group) {
    return kGroups[static_cast<unsigned>(group)];
}

Group find_group(const std::string& name) {
    for (unsigned i = 0; i < kGroupCount; ++i) {
        if (name == kGroups[i].name) return static_cast<Group>(i);
    }
    return Group::None;
}

}  // namespace hospes::oracle
