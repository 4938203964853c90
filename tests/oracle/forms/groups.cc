#include "forms/form.h"

namespace hospes::oracle {

namespace {

// Floors a little below what there is: another Zydis or host may have a few fewer. compat32 counts what runs on hosts
// without 32-bit code. Together 9,400.
constexpr GroupInfo kGroups[kGroupCount] = {
    {"int-alu", 285},    {"int-mul-div", 48},  {"shift-rotate", 188}, {"bit", 58},         {"bmi", 76},
    {"mov-extend", 105}, {"cmov-setcc", 126},  {"string", 116},       {"stack", 14},       {"control-flow", 46},
    {"atomic", 140},     {"flags", 10},        {"privileged", 44},    {"x87", 120},        {"fpu-env", 25},
    {"mmx", 175},        {"sse", 92},          {"sse2", 250},         {"ssse3-sse4", 168}, {"aes-sha-pclmul", 40},
    {"avx", 660},        {"avx2", 295},        {"fma", 190},          {"f16c", 8},         {"opmask", 65},
    {"avx512", 3200},    {"avx512-more", 330}, {"compat32", 2720},    {"invalid", 3350},
};

}  // namespace

const GroupInfo& group_info(Group group) { return kGroups[static_cast<unsigned>(group)]; }

Group find_group(const std::string& name) {
    for (unsigned i = 0; i < kGroupCount; ++i) {
        if (name == kGroups[i].name) return static_cast<Group>(i);
    }
    return Group::None;
}

}  // namespace hospes::oracle
