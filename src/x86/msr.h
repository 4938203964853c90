// Model-specific registers by address (SDM volume 4; AMD APM volume 2, appendix A).
#pragma once

#include <cstdint>

namespace hospes::x86::msr {

inline constexpr std::uint32_t IA32_TIME_STAMP_COUNTER = 0x10;
inline constexpr std::uint32_t IA32_PLATFORM_ID = 0x17;
inline constexpr std::uint32_t IA32_APIC_BASE = 0x1b;
inline constexpr std::uint32_t IA32_FEATURE_CONTROL = 0x3a;
inline constexpr std::uint32_t IA32_TSC_ADJUST = 0x3b;
inline constexpr std::uint32_t IA32_SPEC_CTRL = 0x48;
inline constexpr std::uint32_t IA32_PRED_CMD = 0x49;
inline constexpr std::uint32_t IA32_BIOS_UPDT_TRIG = 0x79;
inline constexpr std::uint32_t IA32_BIOS_SIGN_ID = 0x8b;
inline constexpr std::uint32_t IA32_MTRRCAP = 0xfe;
inline constexpr std::uint32_t IA32_ARCH_CAPABILITIES = 0x10a;
inline constexpr std::uint32_t IA32_SYSENTER_CS = 0x174;
inline constexpr std::uint32_t IA32_SYSENTER_ESP = 0x175;
inline constexpr std::uint32_t IA32_SYSENTER_EIP = 0x176;
inline constexpr std::uint32_t IA32_MCG_CAP = 0x179;
inline constexpr std::uint32_t IA32_MCG_STATUS = 0x17a;
inline constexpr std::uint32_t IA32_MISC_ENABLE = 0x1a0;
inline constexpr std::uint32_t IA32_MTRR_PHYSBASE0 = 0x200;
inline constexpr std::uint32_t IA32_MTRR_FIX64K_00000 = 0x250;
inline constexpr std::uint32_t IA32_PAT = 0x277;
inline constexpr std::uint32_t IA32_MTRR_DEF_TYPE = 0x2ff;
inline constexpr std::uint32_t IA32_TSC_DEADLINE = 0x6e0;
inline constexpr std::uint32_t kX2apicFirst = 0x800;
inline constexpr std::uint32_t kX2apicLast = 0x8ff;
inline constexpr std::uint32_t IA32_XSS = 0xda0;
inline constexpr std::uint32_t IA32_EFER = 0xc0000080;
inline constexpr std::uint32_t IA32_STAR = 0xc0000081;
inline constexpr std::uint32_t IA32_LSTAR = 0xc0000082;
inline constexpr std::uint32_t IA32_CSTAR = 0xc0000083;
inline constexpr std::uint32_t IA32_FMASK = 0xc0000084;
inline constexpr std::uint32_t IA32_FS_BASE = 0xc0000100;
inline constexpr std::uint32_t IA32_GS_BASE = 0xc0000101;
inline constexpr std::uint32_t IA32_KERNEL_GS_BASE = 0xc0000102;
inline constexpr std::uint32_t IA32_TSC_AUX = 0xc0000103;

// KVM's paravirtual registers (Linux, Documentation/virt/kvm/x86/msr.rst).
inline constexpr std::uint32_t MSR_KVM_WALL_CLOCK_NEW = 0x4b564d00;
inline constexpr std::uint32_t MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01;
inline constexpr std::uint32_t MSR_KVM_PV_EOI_EN = 0x4b564d04;

}  // namespace hospes::x86::msr
