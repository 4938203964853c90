// Registers and their bits, in the spelling of the Intel SDM (volume 1, chapter 3; volume 3, chapter 2).
#pragma once

#include <cstdint>

namespace hospes::x86 {

enum Gpr : std::uint8_t {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
};
inline constexpr unsigned kGprCount = 16;

// In the order of the segment register number of an instruction's reg field.
enum SegmentRegister : std::uint8_t { ES, CS, SS, DS, FS, GS };
inline constexpr unsigned kSegmentCount = 6;

namespace rflags {
inline constexpr std::uint64_t CF = 1u << 0;
inline constexpr std::uint64_t kFixed1 = 1u << 1;
inline constexpr std::uint64_t PF = 1u << 2;
inline constexpr std::uint64_t AF = 1u << 4;
inline constexpr std::uint64_t ZF = 1u << 6;
inline constexpr std::uint64_t SF = 1u << 7;
inline constexpr std::uint64_t TF = 1u << 8;
inline constexpr std::uint64_t IF = 1u << 9;
inline constexpr std::uint64_t DF = 1u << 10;
inline constexpr std::uint64_t OF = 1u << 11;
inline constexpr std::uint64_t IOPL = 3u << 12;
inline constexpr std::uint64_t NT = 1u << 14;
inline constexpr std::uint64_t RF = 1u << 16;
inline constexpr std::uint64_t VM = 1u << 17;
inline constexpr std::uint64_t AC = 1u << 18;
inline constexpr std::uint64_t VIF = 1u << 19;
inline constexpr std::uint64_t VIP = 1u << 20;
inline constexpr std::uint64_t ID = 1u << 21;
inline constexpr std::uint64_t kStatus = CF | PF | AF | ZF | SF | OF;
}  // namespace rflags

namespace cr0 {
inline constexpr std::uint64_t PE = 1u << 0;
inline constexpr std::uint64_t MP = 1u << 1;
inline constexpr std::uint64_t EM = 1u << 2;
inline constexpr std::uint64_t TS = 1u << 3;
inline constexpr std::uint64_t ET = 1u << 4;
inline constexpr std::uint64_t NE = 1u << 5;
inline constexpr std::uint64_t WP = 1u << 16;
inline constexpr std::uint64_t AM = 1u << 18;
inline constexpr std::uint64_t NW = 1u << 29;
inline constexpr std::uint64_t CD = 1u << 30;
inline constexpr std::uint64_t PG = 1u << 31;
}  // namespace cr0

namespace cr4 {
inline constexpr std::uint64_t VME = 1u << 0;
inline constexpr std::uint64_t PVI = 1u << 1;
inline constexpr std::uint64_t TSD = 1u << 2;
inline constexpr std::uint64_t DE = 1u << 3;
inline constexpr std::uint64_t PSE = 1u << 4;
inline constexpr std::uint64_t PAE = 1u << 5;
inline constexpr std::uint64_t MCE = 1u << 6;
inline constexpr std::uint64_t PGE = 1u << 7;
inline constexpr std::uint64_t PCE = 1u << 8;
inline constexpr std::uint64_t OSFXSR = 1u << 9;
inline constexpr std::uint64_t OSXMMEXCPT = 1u << 10;
inline constexpr std::uint64_t UMIP = 1u << 11;
inline constexpr std::uint64_t LA57 = 1u << 12;
inline constexpr std::uint64_t VMXE = 1u << 13;
inline constexpr std::uint64_t FSGSBASE = 1u << 16;
inline constexpr std::uint64_t PCIDE = 1u << 17;
inline constexpr std::uint64_t OSXSAVE = 1u << 18;
inline constexpr std::uint64_t SMEP = 1u << 20;
inline constexpr std::uint64_t SMAP = 1u << 21;
inline constexpr std::uint64_t PKE = 1u << 22;
}  // namespace cr4

namespace efer {
inline constexpr std::uint64_t SCE = 1u << 0;
inline constexpr std::uint64_t LME = 1u << 8;
inline constexpr std::uint64_t LMA = 1u << 10;
inline constexpr std::uint64_t NXE = 1u << 11;
}  // namespace efer

namespace xcr0 {
inline constexpr std::uint64_t X87 = 1u << 0;
inline constexpr std::uint64_t SSE = 1u << 1;
inline constexpr std::uint64_t AVX = 1u << 2;
inline constexpr std::uint64_t OPMASK = 1u << 5;
inline constexpr std::uint64_t ZMM_Hi256 = 1u << 6;
inline constexpr std::uint64_t Hi16_ZMM = 1u << 7;
inline constexpr std::uint64_t kAvx512 = OPMASK | ZMM_Hi256 | Hi16_ZMM;
}  // namespace xcr0

// Exception vectors (SDM volume 3, table 6-1).
enum Vector : std::uint8_t {
    DE = 0,
    DB = 1,
    NMI = 2,
    BP = 3,
    OF_ = 4,
    BR = 5,
    UD = 6,
    NM = 7,
    DF_ = 8,
    TS = 10,
    NP = 11,
    SS_ = 12,
    GP = 13,
    PF_ = 14,
    MF = 16,
    AC_ = 17,
    MC = 18,
    XM = 19,
};

// Error code of #PF (SDM volume 3, 4.7).
namespace page_fault {
inline constexpr std::uint32_t P = 1u << 0;
inline constexpr std::uint32_t WR = 1u << 1;
inline constexpr std::uint32_t US = 1u << 2;
inline constexpr std::uint32_t RSVD = 1u << 3;
inline constexpr std::uint32_t ID = 1u << 4;
inline constexpr std::uint32_t PK = 1u << 5;
}  // namespace page_fault

}  // namespace hospes::x86
