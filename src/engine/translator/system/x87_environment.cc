// FNSTENV, FLDENV, FNSAVE, FRSTOR (SDM volume 1, 8.1.10 and 8.1.11).
#include <cstring>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

using namespace xsave_area;

constexpr unsigned kRegisterSize = 10;
constexpr unsigned kStackSize = 8 * kRegisterSize;
constexpr unsigned kMaximum = 28 + kStackSize;

enum Tag : unsigned { kValid, kZero, kSpecial, kEmpty };

// Field numbers of an environment; each field takes 2 or 4 bytes.
enum Field : unsigned { kFcw, kFsw, kFtw, kFip, kFcs, kFdp, kFds, kFields };

// How an environment is laid out: fields of 4 bytes, or of 2; with linear addresses where selectors mean nothing.
struct Format {
    bool wide = false;
    bool real = false;
    unsigned size() const { return wide ? 28 : 14; }
    Gva alignment_mask() const { return wide ? 3 : 1; }
};

Format format_of(const GuestState& state, const DecodedInstruction& in) {
    return {in.info.operand_width != 16, !state.protected_mode() || (state.rflags & x86::rflags::VM) != 0};
}

Checked<void> check_available(const GuestState& state) {
    if ((state.cr0 & (x86::cr0::TS | x86::cr0::EM)) != 0) return device_not_available();
    return {};
}

// The loads wait for pending exceptions, the stores do not.
Checked<void> check_pending(System& system) {
    if (VectorImage(system).x87_exception_pending()) return GuestFault{x86::MF, false, 0, 0};
    return {};
}

unsigned tag_of(const std::uint8_t* number) {
    std::uint64_t mantissa = 0;
    std::uint16_t exponent = 0;
    std::memcpy(&mantissa, number, 8);
    std::memcpy(&exponent, number + 8, 2);
    exponent &= 0x7fff;
    if (exponent == 0) return mantissa == 0 ? kZero : kSpecial;
    return exponent == 0x7fff || mantissa >> 63 == 0 ? kSpecial : kValid;
}

std::uint16_t full_tags(VectorImage& image) {
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const bool empty = ((image.tags() >> i) & 1) == 0;
        tags |= (empty ? unsigned{kEmpty} : tag_of(image.mm(i))) << (2 * i);
    }
    return static_cast<std::uint16_t>(tags);
}

// The processor derives all but "empty" from the registers.
std::uint8_t abridged_tags(std::uint32_t full) {
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; ++i) tags |= static_cast<unsigned>(((full >> (2 * i)) & 3) != kEmpty) << i;
    return static_cast<std::uint8_t>(tags);
}

void store_environment(VectorImage& image, Format format, std::uint8_t* to) {
    const auto fip = static_cast<std::uint32_t>(image.pointer(kInstructionPointer));
    const auto fdp = static_cast<std::uint32_t>(image.pointer(kDataPointer));
    const std::uint32_t opcode = image.opcode();
    constexpr std::uint32_t kOnes = 0xffff'0000;  // upper halves that are reserved
    std::uint32_t fields[kFields] = {kOnes | image.control(), kOnes | image.status(), kOnes | full_tags(image)};
    if (format.real) {
        const std::uint32_t high = format.wide ? 0x0fff'f000 : 0xf000;
        fields[kFip] = kOnes | (fip & 0xffff);
        fields[kFcs] = (fip >> 16 << 12 & high) | opcode;
        fields[kFdp] = kOnes | (fdp & 0xffff);
        fields[kFds] = fdp >> 16 << 12 & high;
    } else {  // CPUID says that FCS and FDS read as 0
        fields[kFip] = fip;
        fields[kFcs] = opcode << 16;
        fields[kFdp] = fdp;
        fields[kFds] = kOnes;
    }
    const unsigned width = format.wide ? 4 : 2;
    for (unsigned i = 0; i < kFields; ++i) std::memcpy(to + i * width, &fields[i], width);
}

void load_environment(VectorImage& image, Format format, const std::uint8_t* from) {
    std::uint32_t fields[kFields] = {};
    const unsigned width = format.wide ? 4 : 2;
    for (unsigned i = 0; i < kFields; ++i) std::memcpy(&fields[i], from + i * width, width);
    image.set_control_and_status(static_cast<std::uint16_t>(fields[kFcw]), static_cast<std::uint16_t>(fields[kFsw]));
    image.set_tags(abridged_tags(fields[kFtw]));
    if (format.real) {
        const std::uint32_t high = format.wide ? 0xffff : 0xf;
        image.set_pointers(static_cast<std::uint16_t>(fields[kFcs]),
                           (fields[kFip] & 0xffff) | (fields[kFcs] >> 12 & high) << 16,
                           (fields[kFdp] & 0xffff) | (fields[kFds] >> 12 & high) << 16);
    } else {  // the 16-bit format has no opcode
        image.set_pointers(static_cast<std::uint16_t>(fields[kFcs] >> 16), fields[kFip], fields[kFdp]);
    }
}

Checked<void> write_operand_bytes(System& system, const DecodedInstruction& in, const std::uint8_t* from, unsigned size,
                                  Gva alignment_mask) {
    const Gva address = GUEST_TRY(operand_address(system.state(), in, 0, size, Intent::Write, alignment_mask));
    return write_memory(system.mmu, address, from, size, system.state().access_class());
}

Checked<void> read_operand_bytes(System& system, const DecodedInstruction& in, std::uint8_t* to, unsigned size,
                                 Gva alignment_mask) {
    const Gva address = GUEST_TRY(operand_address(system.state(), in, 0, size, Intent::Read, alignment_mask));
    return read_memory(system.mmu, address, to, size, system.state().access_class());
}

}  // namespace

Checked<void> execute_fnstenv(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_available(system.state()));
    const Format format = format_of(system.state(), in);
    VectorImage image(system);
    std::uint8_t bytes[kMaximum];
    store_environment(image, format, bytes);
    GUEST_TRY(write_operand_bytes(system, in, bytes, format.size(), format.alignment_mask()));
    image.set_control_and_status(image.control() | kX87Masks, image.status());
    return advance(system.state(), in);
}

Checked<void> execute_fldenv(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_available(system.state()));
    GUEST_TRY(check_pending(system));
    const Format format = format_of(system.state(), in);
    std::uint8_t bytes[kMaximum];
    GUEST_TRY(read_operand_bytes(system, in, bytes, format.size(), format.alignment_mask()));
    VectorImage image(system);
    load_environment(image, format, bytes);
    return advance(system.state(), in);
}

Checked<void> execute_fnsave(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_available(system.state()));
    const Format format = format_of(system.state(), in);
    VectorImage image(system);
    std::uint8_t bytes[kMaximum];
    store_environment(image, format, bytes);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(bytes + format.size() + i * kRegisterSize, image.st(i), kRegisterSize);
    }
    GUEST_TRY(write_operand_bytes(system, in, bytes, format.size() + kStackSize, format.alignment_mask()));
    image.initialize_x87();
    return advance(system.state(), in);
}

Checked<void> execute_frstor(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_available(system.state()));
    GUEST_TRY(check_pending(system));
    const Format format = format_of(system.state(), in);
    std::uint8_t bytes[kMaximum];
    GUEST_TRY(read_operand_bytes(system, in, bytes, format.size() + kStackSize, format.alignment_mask()));
    VectorImage image(system);
    load_environment(image, format, bytes);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(image.st(i), bytes + format.size() + i * kRegisterSize, kRegisterSize);
    }
    return advance(system.state(), in);
}

}  // namespace hospes::translator
