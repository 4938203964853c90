#include "gdb/registers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "gdb/hex.h"
#include "x86/registers.h"

namespace hospes::gdb {

namespace {

using cpu::VcpuState;

// An XSAVE area's standard format (SDM volume 1, 13.4).
constexpr std::size_t kFcw = 0, kFsw = 2, kFtw = 4, kFop = 6, kFip = 8, kFipSelector = 12, kFdp = 16, kFdpSelector = 20;
constexpr std::size_t kMxcsr = 24, kSt0 = 32, kXmm0 = 160, kXmmEnd = 416, kXstateBv = 512;
constexpr std::uint16_t kInitialFcw = 0x37f;
constexpr std::uint32_t kInitialMxcsr = 0x1f80;

enum class Where : std::uint8_t { Gpr, Rip, Flags, Selector, Base, System, X87, Tags, Sse };

struct Register {
    const char* name;
    const char* type;
    std::uint8_t size;  // bytes
    Where where;
    std::uint16_t index;  // which one, or the offset in the XSAVE area
};

// By GDB's names of these features; the rest is in one of our own.
struct Feature {
    const char* name;
    std::vector<Register> registers;
};

constexpr std::array<std::uint64_t VcpuState::*, 6> kSystem = {
    &VcpuState::kernel_gs_base, &VcpuState::cr0, &VcpuState::cr2, &VcpuState::cr3, &VcpuState::cr4, &VcpuState::efer};

constexpr const char* kStNames[] = {"st0", "st1", "st2", "st3", "st4", "st5", "st6", "st7"};
constexpr const char* kXmmNames[] = {"xmm0", "xmm1", "xmm2",  "xmm3",  "xmm4",  "xmm5",  "xmm6",  "xmm7",
                                     "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"};

Feature core() {
    using namespace x86;
    const auto selector = [](const char* name, SegmentRegister number) {
        return Register{name, "int32", 4, Where::Selector, number};
    };
    Feature feature{"org.gnu.gdb.i386.core",
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
            {kStNames[i], "i387_ext", 10, Where::X87, static_cast<std::uint16_t>(kSt0 + 16u * i)});
    }
    const Register control[] = {{"fctrl", "int", 4, Where::X87, kFcw}, {"fstat", "int", 4, Where::X87, kFsw},
                                {"ftag", "int", 4, Where::Tags, kFtw}, {"fiseg", "int", 4, Where::X87, kFipSelector},
                                {"fioff", "int", 4, Where::X87, kFip}, {"foseg", "int", 4, Where::X87, kFdpSelector},
                                {"fooff", "int", 4, Where::X87, kFdp}, {"fop", "int", 4, Where::X87, kFop}};
    feature.registers.insert(feature.registers.end(), std::begin(control), std::end(control));
    return feature;
}

Feature sse() {
    Feature feature{"org.gnu.gdb.i386.sse", {}};
    for (std::uint16_t i = 0; i < 16; ++i) {
        feature.registers.push_back(
            {kXmmNames[i], "vec128", 16, Where::Sse, static_cast<std::uint16_t>(kXmm0 + 16u * i)});
    }
    feature.registers.push_back({"mxcsr", "i386_mxcsr", 4, Where::Sse, kMxcsr});
    return feature;
}

const std::vector<Feature>& features() {
    static const std::vector<Feature> all = {
        core(),
        sse(),
        {"org.gnu.gdb.i386.segments",
         {{"fs_base", "int", 8, Where::Base, x86::FS}, {"gs_base", "int", 8, Where::Base, x86::GS}}},
        {"org.hospes.amd64.system",
         {{"k_gs_base", "int64", 8, Where::System, 0},
          {"cr0", "int64", 8, Where::System, 1},
          {"cr2", "int64", 8, Where::System, 2},
          {"cr3", "int64", 8, Where::System, 3},
          {"cr4", "int64", 8, Where::System, 4},
          {"efer", "int64", 8, Where::System, 5}}}};
    return all;
}

const std::vector<Register>& registers() {
    static const std::vector<Register> all = [] {
        std::vector<Register> flat;
        for (const Feature& feature : features()) {
            flat.insert(flat.end(), feature.registers.begin(), feature.registers.end());
        }
        return flat;
    }();
    return all;
}

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
constexpr char kSseTypes[] = R"(
<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>
<vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/>
<vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>
<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/>
<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>
<flags id="i386_mxcsr" size="4"><field name="IE" start="0" end="0"/><field name="DE" start="1" end="1"/>
<field name="ZE" start="2" end="2"/><field name="OE" start="3" end="3"/><field name="UE" start="4" end="4"/>
<field name="PE" start="5" end="5"/><field name="DAZ" start="6" end="6"/><field name="IM" start="7" end="7"/>
<field name="DM" start="8" end="8"/><field name="ZM" start="9" end="9"/><field name="OM" start="10" end="10"/>
<field name="UM" start="11" end="11"/><field name="PM" start="12" end="12"/><field name="FZ" start="15" end="15"/>
</flags>
)";

std::string describe() {
    std::string text =
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
        "<architecture>i386:x86-64</architecture>\n";
    for (const Feature& feature : features()) {
        text += std::string("<feature name=\"") + feature.name + "\">";
        if (feature.registers[0].where == Where::Gpr) text += kCoreTypes;
        if (feature.registers[0].where == Where::Sse) text += kSseTypes;
        for (const Register& one : feature.registers) {
            text += std::string("<reg name=\"") + one.name + "\" bitsize=\"" + std::to_string(one.size * 8) +
                    "\" type=\"" + one.type + "\"/>\n";
        }
        text += "</feature>";
    }
    return text + "</target>";
}

bool initialised(const VcpuState& state, std::uint64_t component) { return (state.xsave[kXstateBv] & component) != 0; }

// Of a component that the area leaves out: what the processor would have after XRSTOR.
std::uint64_t initial_value(std::size_t offset) {
    if (offset == kFcw) return kInitialFcw;
    return offset == kMxcsr ? kInitialMxcsr : 0;
}

// FCW, FSW, FOP and the selectors have 16 bits in the area, and 32 here.
std::size_t bytes_in_area(const Register& one) {
    const bool half = one.where == Where::X87 && one.size == 4 && one.index != kFip && one.index != kFdp;
    return half ? 2 : one.size;
}

// The tag word with its 2 bits a register: used or empty; by physical register, as the area's byte is.
std::uint64_t full_tags(std::uint8_t used) {
    std::uint64_t tags = 0;
    for (unsigned i = 0; i < 8; ++i) tags |= (used >> i & 1) != 0 ? 0 : 3ull << (2 * i);
    return tags;
}

std::uint64_t area_component(const Register& one) { return one.where == Where::Sse ? x86::xcr0::SSE : x86::xcr0::X87; }

std::uint64_t plain_value(const VcpuState& state, const Register& one) {
    switch (one.where) {
        case Where::Gpr: return state.gpr[one.index];
        case Where::Rip: return state.rip;
        case Where::Flags: return state.rflags;
        case Where::Selector: return state.segments[one.index].selector;
        case Where::Base: return state.segments[one.index].base;
        case Where::System: return state.*kSystem[one.index];
        case Where::Tags: return full_tags(initialised(state, x86::xcr0::X87) ? state.xsave[kFtw] : std::uint8_t{0});
        case Where::X87:
        case Where::Sse: break;
    }
    return initial_value(one.index);
}

// What the flags may be changed to: not the mode of the processor.
constexpr std::uint64_t kFlags = x86::rflags::kStatus | x86::rflags::TF | x86::rflags::IF | x86::rflags::DF |
                                 x86::rflags::IOPL | x86::rflags::NT | x86::rflags::RF | x86::rflags::AC |
                                 x86::rflags::ID;

void set_area(VcpuState& state, const Register& one, const std::uint8_t* bytes) {
    const std::uint64_t component = area_component(one);
    if (!initialised(state, component)) {
        state.xsave[kXstateBv] |= static_cast<std::uint8_t>(component);
        const bool sse = component == x86::xcr0::SSE;
        std::fill(state.xsave.begin() + (sse ? kXmm0 : kFcw), state.xsave.begin() + (sse ? kXmmEnd : kMxcsr), 0);
        if (!sse) std::fill(state.xsave.begin() + kSt0, state.xsave.begin() + kXmm0, 0);
        if (!sse) std::memcpy(state.xsave.data() + kFcw, &kInitialFcw, sizeof kInitialFcw);
        if (sse) std::memcpy(state.xsave.data() + kMxcsr, &kInitialMxcsr, sizeof kInitialMxcsr);
    }
    std::memcpy(state.xsave.data() + one.index, bytes, bytes_in_area(one));
}

}  // namespace

const std::string& target_description() {
    static const std::string text = describe();
    return text;
}

std::size_t register_count() { return registers().size(); }

std::optional<std::size_t> register_size(std::size_t number) {
    if (number >= registers().size()) return std::nullopt;
    return registers()[number].size;
}

void append_register(std::string& to, const VcpuState& state, std::size_t number) {
    const Register& one = registers()[number];
    std::uint8_t bytes[16] = {};
    const bool in_area = one.where == Where::X87 || one.where == Where::Sse;
    if (in_area && initialised(state, area_component(one))) {
        std::memcpy(bytes, state.xsave.data() + one.index, bytes_in_area(one));
    } else {
        const std::uint64_t value = plain_value(state, one);
        std::memcpy(bytes, &value, sizeof value);
    }
    append_hex(to, {bytes, one.size});
}

// Selectors and control registers stay: what goes with them (a descriptor, a mode) would not follow.
void set_register(VcpuState& state, std::size_t number, std::span<const std::uint8_t> bytes) {
    const Register& one = registers()[number];
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), std::min<std::size_t>(bytes.size(), sizeof value));
    switch (one.where) {
        case Where::Gpr: state.gpr[one.index] = value; return;
        case Where::Rip: state.rip = value; return;
        case Where::Flags: state.rflags = (state.rflags & ~kFlags) | (value & kFlags); return;
        case Where::X87:
        case Where::Sse: set_area(state, one, bytes.data()); return;
        case Where::Base:
        case Where::Selector:
        case Where::System:
        case Where::Tags: return;
    }
}

}  // namespace hospes::gdb
