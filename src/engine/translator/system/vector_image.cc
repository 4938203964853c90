#include "engine/translator/system/vector_image.h"

#include <algorithm>
#include <cstring>

namespace hospes::translator {

namespace {

using namespace xsave_area;

constexpr std::uint16_t kControlWritable = 0x1f3f;
constexpr std::uint16_t kControlFixed1 = 0x0040;
constexpr std::uint16_t kSummary = 0x8080;  // B and ES
constexpr std::uint16_t kTopMask = 0x3800;
constexpr std::uint16_t kOpcodeMask = 0x07ff;

// Everything that the host maps is in this range: the code cache, guest RAM.
bool may_be_host_address(std::uint64_t pointer) { return pointer >= 1ull << 32 && pointer < 1ull << 47; }

bool all_zero(const std::uint8_t* bytes, unsigned size) {
    return std::all_of(bytes, bytes + size, [](std::uint8_t byte) { return byte == 0; });
}

void load_registers(std::uint8_t* to, const std::uint8_t* from, unsigned count) {
    if (from == nullptr) {
        std::memset(to, 0, 16 * count);
    } else {
        std::memcpy(to, from, 16 * count);
    }
}

}  // namespace

VectorImage::VectorImage(System& system)
    : bytes_(system.state().fpu), state_(system.state()), layout_(system.model.xsave_layout()) {
    const std::uint64_t supported = system.model.supported_xcr0();
    if (!is_literal(x86::xcr0::X87)) reset_x87();
    if (!is_literal(x86::xcr0::SSE)) load_xmm(nullptr, 16);
    if (!is_literal(x86::xcr0::AVX)) std::memset(ymm_high(0), 0, kEnd - kYmmHigh);
    hide_host_pointers();
    set_mxcsr(mxcsr());
    // A host for a model without AVX may have none; the bits above 127 cannot be anything but 0 then.
    set_states(supported & (states() | ~x86::xcr0::kAvx512));
}

void VectorImage::set_states(std::uint64_t states) { std::memcpy(bytes_ + kHeader, &states, sizeof states); }

std::uint8_t* VectorImage::component(const x86::XsaveComponent& which) {
    std::uint8_t* const bytes = bytes_ + which.offset;
    if (!is_literal(which.bit())) {
        std::memset(bytes, 0, which.size);
        set_states(states() | which.bit());
    }
    return bytes;
}

std::uint8_t* VectorImage::component(std::uint64_t bit) {
    return component(*std::find_if(layout_.begin(), layout_.end(), [&](const auto& one) { return one.bit() == bit; }));
}

std::uint16_t VectorImage::word(unsigned offset) const {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes_ + offset, sizeof value);
    return value;
}

void VectorImage::set_word(unsigned offset, std::uint16_t value) { std::memcpy(bytes_ + offset, &value, sizeof value); }

std::uint64_t VectorImage::pointer(unsigned offset) const {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_ + offset, sizeof value);
    return value;
}

std::uint32_t VectorImage::mxcsr() const {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes_ + kMxcsr, sizeof value);
    return value;
}

// A reserved bit would make the host's XRSTOR fault.
void VectorImage::set_mxcsr(std::uint32_t value) {
    value &= kMxcsrValid;
    std::memcpy(bytes_ + kMxcsr, &value, sizeof value);
}

// The x87 unit records where the instruction was that translated code ran, and its operand: the host's addresses.
void VectorImage::hide_host_pointers() {
    const std::uint64_t zero = 0;
    for (const unsigned offset : {kInstructionPointer, kDataPointer}) {
        if (may_be_host_address(pointer(offset))) std::memcpy(bytes_ + offset, &zero, sizeof zero);
    }
}

void VectorImage::set_pointers(std::uint16_t opcode, std::uint64_t instruction, std::uint64_t data) {
    const auto canonical = [](std::uint64_t address) {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16);
    };
    instruction = canonical(instruction);
    data = canonical(data);
    set_word(kOpcode, opcode & kOpcodeMask);
    std::memcpy(bytes_ + kInstructionPointer, &instruction, sizeof instruction);
    std::memcpy(bytes_ + kDataPointer, &data, sizeof data);
    hide_host_pointers();  // so that what is loaded reads the same until the next x87 instruction
}

void VectorImage::set_control_and_status(std::uint16_t control, std::uint16_t status) {
    control = static_cast<std::uint16_t>((control & kControlWritable) | kControlFixed1);
    const bool pending = (status & ~control & kX87Masks) != 0;
    status = static_cast<std::uint16_t>(pending ? status | kSummary : status & ~kSummary);
    // The image is in stack order, so the entries move where TOP does.
    const unsigned shift = (((status & kTopMask) >> 11) - top()) & 7u;
    std::uint8_t* stack = bytes_ + kStack;
    std::rotate(stack, stack + std::size_t{16} * shift, stack + std::size_t{16} * 8);
    set_word(kControl, control);
    set_word(kStatus, status);
}

void VectorImage::initialize_x87() {
    set_control_and_status(kX87ControlInitial, 0);
    set_tags(0);
    set_pointers(0, 0, 0);
}

void VectorImage::reset_x87() {
    std::memset(bytes_, 0, kMxcsr);
    std::memset(bytes_ + kStack, 0, kXmm - kStack);
    set_word(kControl, kX87ControlInitial);
}

void VectorImage::enter_mmx() {
    set_control_and_status(control(), static_cast<std::uint16_t>(status() & ~kTopMask));
    set_tags(0xff);
}

void VectorImage::read_vector(unsigned index, std::uint8_t* to, unsigned size) {
    if (index >= 16) {
        std::memcpy(to, component(x86::xcr0::Hi16_ZMM) + std::size_t{64} * (index - 16), size);
        return;
    }
    std::memcpy(to, xmm(index), 16);
    if (size > 16) std::memcpy(to + 16, ymm_high(index), 16);
    if (size > 32) std::memcpy(to + 32, component(x86::xcr0::ZMM_Hi256) + std::size_t{32} * index, 32);
}

void VectorImage::write_vector(unsigned index, const std::uint8_t* from, unsigned size) {
    std::uint8_t whole[64] = {};
    std::memcpy(whole, from, size);
    if (index >= 16) {
        std::memcpy(component(x86::xcr0::Hi16_ZMM) + std::size_t{64} * (index - 16), whole, 64);
        return;
    }
    std::memcpy(xmm(index), whole, 16);
    std::memcpy(ymm_high(index), whole + 16, 16);
    if (size > 32 || is_literal(x86::xcr0::ZMM_Hi256)) {
        std::memcpy(component(x86::xcr0::ZMM_Hi256) + std::size_t{32} * index, whole + 32, 32);
    }
}

std::uint64_t VectorImage::mask(unsigned index) {
    std::uint64_t value = 0;
    std::memcpy(&value, component(x86::xcr0::OPMASK) + std::size_t{8} * index, sizeof value);
    return value;
}

void VectorImage::set_mask(unsigned index, std::uint64_t value) {
    std::memcpy(component(x86::xcr0::OPMASK) + std::size_t{8} * index, &value, sizeof value);
}

bool VectorImage::x87_initial() {
    return control() == kX87ControlInitial && all_zero(bytes_ + kStatus, kMxcsr - kStatus) &&
           all_zero(bytes_ + kStack, kXmm - kStack);
}

std::uint64_t VectorImage::in_use() {
    const unsigned size = 16 * vector_count(state_);
    std::uint64_t components = 0;
    if (!x87_initial()) components |= x86::xcr0::X87;
    if (!all_zero(xmm(0), size)) components |= x86::xcr0::SSE;
    for (const x86::XsaveComponent& one : layout_) {
        if (is_literal(one.bit()) && !all_zero(component(one), nameable_size(state_, one))) components |= one.bit();
    }
    return components;
}

void VectorImage::store_legacy(std::uint8_t* to, bool wide) {
    std::memcpy(to, bytes_, kXmmEnd);
    to[kTags + 1] = 0;
    if (!wide) {  // CPUID says that FCS and FDS read as 0
        std::memset(to + kInstructionPointer + 4, 0, 4);
        std::memset(to + kDataPointer + 4, 0, 4);
    }
    std::memcpy(to + kMxcsrMask, &kMxcsrValid, sizeof kMxcsrValid);
}

void VectorImage::load_x87(const std::uint8_t* legacy, bool wide) {
    std::uint16_t words[4];  // FCW, FSW, tags, opcode
    std::uint64_t instruction = 0;
    std::uint64_t data = 0;
    std::memcpy(words, legacy, sizeof words);
    std::memcpy(&instruction, legacy + kInstructionPointer, wide ? 8 : 4);
    std::memcpy(&data, legacy + kDataPointer, wide ? 8 : 4);
    set_control_and_status(words[0], words[1]);
    set_tags(static_cast<std::uint8_t>(words[2]));
    bytes_[kTags + 1] = 0;
    set_pointers(words[3], instruction, data);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(st(i), legacy + kStack + 16 * i, 10);
        std::memset(st(i) + 10, 0, 6);
    }
}

void VectorImage::load_xmm(const std::uint8_t* registers, unsigned count) { load_registers(xmm(0), registers, count); }

void VectorImage::load_component(const x86::XsaveComponent& which, const std::uint8_t* from) {
    const unsigned size = nameable_size(state_, which);
    if (from == nullptr && !is_literal(which.bit())) return;
    if (from == nullptr) {
        std::memset(component(which), 0, size);
    } else {
        std::memcpy(component(which), from, size);
    }
}

}  // namespace hospes::translator
