#include "gdb/register_list.h"

#include "x86/registers.h"

namespace hospes::gdb {

namespace {

// Types that GDB does not know by itself.
constexpr char kCoreTypes[] = R"(
<flags id="i386_eflags" size="4"><field name="CF" start="0" end="0"/><field name="" start="1" end="1"/>
<field name="PF" start="2" end="2"/><field name="AF" start="4" end="4"/><field name="ZF" start="6" end="6"/>
<field name="SF" start="7" end="7"/><field name="TF" start="8" end="8"/><field name="IF" start="9" end="9"/>
<field name="DF" start="10" end="10"/><field name="OF" start="11" end="11"/><field name="NT" start="14" end="14"/>
<field name="RF" start="16" end="16"/><field name="VM" start="17" end="17"/><field name="AC" start="18" end="18"/>
<field name="VIF" start="19" end="19"/><field name="VIP" start="20" end="20"/><field name="ID" start="21" end="21"/>
</flags>
)";
constexpr char kVec128[] = R"(
<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>
<vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/>
<vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>
<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/>
<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>
)";
constexpr char kMxcsrType[] = R"(
<flags id="i386_mxcsr" size="4"><field name="IE" start="0" end="0"/><field name="DE" start="1" end="1"/>
<field name="ZE" start="2" end="2"/><field name="OE" start="3" end="3"/><field name="UE" start="4" end="4"/>
<field name="PE" start="5" end="5"/><field name="DAZ" start="6" end="6"/><field name="IM" start="7" end="7"/>
<field name="DM" start="8" end="8"/><field name="ZM" start="9" end="9"/><field name="OM" start="10" end="10"/>
<field name="UM" start="11" end="11"/><field name="PM" start="12" end="12"/><field name="FZ" start="15" end="15"/>
</flags>
)";
constexpr char kTwoUint128[] = R"(<vector id="v2ui128" type="uint128" count="2"/>)";

std::string numbered(const char* name, unsigned number, const char* end = "") {
    return name + std::to_string(number) + end;
}

Feature core() {
    using namespace x86;
    const auto selector = [](const char* name, SegmentRegister number) {
        return Register{name, "int32", 4, Where::Selector, number};
    };
    Feature feature{"org.gnu.gdb.i386.core",
                    kCoreTypes,
                    {{"rax", "int64", 8, Where::Gpr, RAX},
                     {"rbx", "int64", 8, Where::Gpr, RBX},
                     {"rcx", "int64", 8, Where::Gpr, RCX},
                     {"rdx", "int64", 8, Where::Gpr, RDX},
                     {"rsi", "int64", 8, Where::Gpr, RSI},
                     {"rdi", "int64", 8, Where::Gpr, RDI},
                     {"rbp", "data_ptr", 8, Where::Gpr, RBP},
                     {"rsp", "data_ptr", 8, Where::Gpr, RSP},
                     {"r8", "int64", 8, Where::Gpr, R8},
                     {"r9", "int64", 8, Where::Gpr, R9},
                     {"r10", "int64", 8, Where::Gpr, R10},
                     {"r11", "int64", 8, Where::Gpr, R11},
                     {"r12", "int64", 8, Where::Gpr, R12},
                     {"r13", "int64", 8, Where::Gpr, R13},
                     {"r14", "int64", 8, Where::Gpr, R14},
                     {"r15", "int64", 8, Where::Gpr, R15},
                     {"rip", "code_ptr", 8, Where::Rip, 0},
                     {"eflags", "i386_eflags", 4, Where::Flags, 0},
                     selector("cs", CS),
                     selector("ss", SS),
                     selector("ds", DS),
                     selector("es", ES),
                     selector("fs", FS),
                     selector("gs", GS)}};
    for (std::uint16_t i = 0; i < 8; ++i) {
        feature.registers.push_back(
            {numbered("st", i), "i387_ext", 10, Where::X87, static_cast<std::uint16_t>(area::kSt0 + 16u * i)});
    }
    const Register control[] = {
        {"fctrl", "int", 4, Where::X87, area::kFcw}, {"fstat", "int", 4, Where::X87, area::kFsw},
        {"ftag", "int", 4, Where::Tags, area::kFtw}, {"fiseg", "int", 4, Where::X87, area::kFipSelector},
        {"fioff", "int", 4, Where::X87, area::kFip}, {"foseg", "int", 4, Where::X87, area::kFdpSelector},
        {"fooff", "int", 4, Where::X87, area::kFdp}, {"fop", "int", 4, Where::X87, area::kFop}};
    feature.registers.insert(feature.registers.end(), std::begin(control), std::end(control));
    return feature;
}

Feature sse() {
    Feature feature{"org.gnu.gdb.i386.sse", std::string(kVec128) + kMxcsrType, {}};
    for (std::uint16_t i = 0; i < 16; ++i) {
        feature.registers.push_back(
            {numbered("xmm", i), "vec128", 16, Where::Sse, static_cast<std::uint16_t>(area::kXmm0 + 16u * i)});
    }
    feature.registers.push_back({"mxcsr", "i386_mxcsr", 4, Where::Sse, area::kMxcsr});
    return feature;
}

// What YMM registers have beyond XMM; GDB puts them together. The same for ZMM below.
Feature avx(const x86::XsaveLayout& layout) {
    Feature feature{"org.gnu.gdb.i386.avx", "", {}};
    const std::uint32_t offset = layout.offset(x86::xcr0::AVX);
    for (unsigned i = 0; i < 16; ++i) {
        feature.registers.push_back({numbered("ymm", i, "h"), "uint128", 16, Where::Extended,
                                     static_cast<std::uint16_t>(offset + 16 * i), x86::xcr0::AVX});
    }
    return feature;
}

Feature avx512(const x86::XsaveLayout& layout) {
    using namespace x86::xcr0;
    Feature feature{"org.gnu.gdb.i386.avx512", std::string(kVec128) + kTwoUint128, {}};
    const auto add = [&](std::string name, const char* type, std::uint8_t size, std::uint64_t component,
                         std::uint32_t offset) {
        feature.registers.push_back({std::move(name), type, size, Where::Extended,
                                     static_cast<std::uint16_t>(layout.offset(component) + offset), component});
    };
    for (unsigned i = 0; i < 16; ++i) add(numbered("xmm", i + 16), "vec128", 16, Hi16_ZMM, 64 * i);
    for (unsigned i = 0; i < 16; ++i) add(numbered("ymm", i + 16, "h"), "uint128", 16, Hi16_ZMM, 64 * i + 16);
    for (unsigned i = 0; i < 8; ++i) add(numbered("k", i), "uint64", 8, OPMASK, 8 * i);
    for (unsigned i = 0; i < 16; ++i) add(numbered("zmm", i, "h"), "v2ui128", 32, ZMM_Hi256, 32 * i);
    for (unsigned i = 0; i < 16; ++i) add(numbered("zmm", i + 16, "h"), "v2ui128", 32, Hi16_ZMM, 64 * i + 32);
    return feature;
}

}  // namespace

std::vector<Feature> features_of(std::uint64_t xcr0, const x86::XsaveLayout& layout) {
    std::vector<Feature> all = {
        core(),
        sse(),
        {"org.gnu.gdb.i386.segments",
         "",
         {{"fs_base", "int", 8, Where::Base, x86::FS}, {"gs_base", "int", 8, Where::Base, x86::GS}}}};
    if ((xcr0 & x86::xcr0::AVX) != 0) all.push_back(avx(layout));
    if ((xcr0 & x86::xcr0::kAvx512) != 0) all.push_back(avx512(layout));
    all.push_back({"org.hospes.amd64.system",
                   "",
                   {{"k_gs_base", "int64", 8, Where::System, 0},
                    {"cr0", "int64", 8, Where::System, 1},
                    {"cr2", "int64", 8, Where::System, 2},
                    {"cr3", "int64", 8, Where::System, 3},
                    {"cr4", "int64", 8, Where::System, 4},
                    {"efer", "int64", 8, Where::System, 5}}});
    return all;
}

std::string describe(const std::vector<Feature>& features) {
    std::string text =
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
        "<architecture>i386:x86-64</architecture>\n";
    for (const Feature& feature : features) {
        text += std::string("<feature name=\"") + feature.name + "\">" + feature.types;
        for (const Register& one : feature.registers) {
            text += "<reg name=\"" + one.name + "\" bitsize=\"" + std::to_string(one.size * 8) + "\" type=\"" +
                    one.type + "\"/>\n";
        }
        text += "</feature>";
    }
    return text + "</target>";
}

}  // namespace hospes::gdb
