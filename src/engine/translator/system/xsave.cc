// The XSAVE feature set (SDM volume 1, chapter 13). Which components there are follows the guest's XCR0, their layout
// the CPU model; the host's own instructions would know neither.
#include <algorithm>
#include <cstring>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

using namespace xsave_area;
using x86::Feature;
using x86::XsaveComponent;
using x86::XsaveLayout;
namespace xcr0 = x86::xcr0;

constexpr std::uint64_t kCompacted = 1ull << 63;  // of XCOMP_BV
constexpr unsigned kBitmaps = 16;                 // bytes of XSTATE_BV and XCOMP_BV

// Parts of an area in guest memory that are written: in rising order, neighbours joined.
class Runs {
  public:
    void add(unsigned offset, unsigned size) {
        if (count_ != 0 && runs_[count_ - 1].offset + runs_[count_ - 1].size == offset) {
            runs_[count_ - 1].size += size;
        } else if (count_ < kMaximum) {
            runs_[count_++] = {offset, size};
        }
    }

    // All or nothing, as far as other processors leave the page tables alone.
    Checked<void> write(System& system, Gva area, const std::uint8_t* bytes) const {
        const GuestState& state = system.state();
        const AccessClass access = state.access_class();
        for (unsigned i = 0; i < count_; ++i) {
            GUEST_TRY(check_write(system.mmu, offset_in(state, area, runs_[i].offset), runs_[i].size, access));
        }
        for (unsigned i = 0; i < count_; ++i) {
            const Run& run = runs_[i];
            GUEST_TRY(
                write_memory(system.mmu, offset_in(state, area, run.offset), bytes + run.offset, run.size, access));
        }
        return {};
    }

  private:
    struct Run {
        unsigned offset, size;
    };
    static constexpr unsigned kMaximum = 9;  // x87 in two parts, MXCSR, XMM, header, YMM, and AVX-512's
    Run runs_[kMaximum] = {};
    unsigned count_ = 0;
};

Checked<void> check_available(const GuestState& state) {
    if ((state.cr4 & x86::cr4::OSXSAVE) == 0) return undefined_opcode();
    if ((state.cr0 & x86::cr0::TS) != 0) return device_not_available();
    return {};
}

// Of XSAVES and XRSTORS.
Checked<void> check_supervisor(const System& system) {
    if (!system.model.has(Feature::XSAVES)) return undefined_opcode();
    GUEST_TRY(check_available(system.mmu.state));
    return require_cpl0(system.mmu.state);
}

std::uint64_t edx_eax(const GuestState& state) {
    return get_gpr(state, x86::RDX, 4) << 32 | get_gpr(state, x86::RAX, 4);
}

void set_edx_eax(GuestState& state, std::uint64_t value) {
    set_gpr(state, x86::RAX, value, 4);
    set_gpr(state, x86::RDX, value >> 32, 4);
}

// RFBM: the components that the instruction is about.
std::uint64_t requested(const GuestState& state) { return state.xcr0 & edx_eax(state); }

bool is_wide(const DecodedInstruction& in) { return in.info.operand_width == 64; }

// An area's format: where the extended components lie in it.
class Format {
  public:
    // The standard one, or the compacted one for an area with room for `room` (bits of XCOMP_BV).
    static Format standard(const System& system) { return Format(system.model.xsave_layout(), false, 0); }
    static Format compacted(const System& system, std::uint64_t room) {
        return Format(system.model.xsave_layout(), true, room);
    }

    unsigned offset(const XsaveComponent& one) const {
        return compacted_ ? XsaveLayout::compacted_offset(one.bit(), room_) : one.offset;
    }
    // Bytes up to the end of the last of `components`.
    unsigned size(std::uint64_t components) const {
        unsigned size = x86::kXsaveLegacyEnd;
        for (const XsaveComponent& one : layout_) {
            if ((components & one.bit()) != 0) size = std::max(size, offset(one) + one.size);
        }
        return size;
    }
    const XsaveLayout& components() const { return layout_; }

  private:
    Format(const XsaveLayout& layout, bool compacted, std::uint64_t room)
        : layout_(layout), compacted_(compacted), room_(room) {}

    const XsaveLayout& layout_;
    bool compacted_;
    std::uint64_t room_;
};

constexpr unsigned kMaximumArea = cpu::kXsaveSize;

Checked<Gva> area_address(const GuestState& state, const DecodedInstruction& in, unsigned size, Intent intent) {
    const Gva address = GUEST_TRY(operand_address(state, in, 0, size, intent));
    if ((address & 63) != 0) return general_protection();
    return address;
}

// The parts of an area that hold `components`, MXCSR only where asked, and the first `header` bytes of the header.
Runs runs_of(const GuestState& state, const Format& format, std::uint64_t components, bool mxcsr, unsigned header) {
    const unsigned vectors = 16 * vector_count(state);
    const bool x87 = (components & xcr0::X87) != 0;
    Runs runs;
    if (x87) runs.add(0, kMxcsr);
    if (mxcsr) runs.add(kMxcsr, kStack - kMxcsr);
    if (x87) runs.add(kStack, kXmm - kStack);
    if ((components & xcr0::SSE) != 0) runs.add(kXmm, vectors);
    runs.add(kHeader, header);
    for (const XsaveComponent& one : format.components()) {
        const unsigned size = nameable_size(state, one);
        if ((components & one.bit()) != 0 && size != 0) runs.add(format.offset(one), size);
    }
    return runs;
}

// The bytes of `components` in an area.
void fill(VectorImage& image, const DecodedInstruction& in, const Format& format, std::uint64_t components,
          std::uint8_t* bytes) {
    image.store_legacy(bytes, is_wide(in));
    for (const XsaveComponent& one : format.components()) {
        if ((components & one.bit()) != 0) std::memcpy(bytes + format.offset(one), image.component(one), one.size);
    }
}

// The header's rules (SDM volume 1, 13.8.1, 13.8.2 and 13.12): XRSTORS takes the compacted format only.
Checked<void> check_header(const System& system, const GuestState& state, const std::uint8_t* header, bool supervisor) {
    std::uint64_t words[kHeaderSize / 8];
    std::memcpy(words, header, sizeof words);
    const std::uint64_t states = words[0];
    const std::uint64_t format = words[1];
    if ((format & kCompacted) == 0) {
        const bool good = !supervisor && (states & ~state.xcr0) == 0 && format == 0 && words[2] == 0;
        if (!good) return general_protection();
        return {};
    }
    if (!supervisor && !system.model.has(Feature::XSAVEC)) return general_protection();
    if ((format & ~kCompacted & ~state.xcr0) != 0) return general_protection();
    if ((states & ~(format & ~kCompacted)) != 0) return general_protection();
    for (unsigned i = 2; i < kHeaderSize / 8; ++i) {
        if (words[i] != 0) return general_protection();
    }
    return {};
}

// The value that XRSTOR loads into MXCSR, if it does; in the compacted format it goes with SSE.
struct NewMxcsr {
    bool load = false;
    std::uint32_t value = kMxcsrInitial;
};

Checked<NewMxcsr> new_mxcsr(const std::uint8_t* area, bool compacted, std::uint64_t components,
                            std::uint64_t restored) {
    NewMxcsr result;
    result.load = (components & (compacted ? xcr0::SSE : xcr0::SSE | xcr0::AVX)) != 0;
    const bool from_memory = result.load && (!compacted || (restored & xcr0::SSE) != 0);
    if (from_memory) std::memcpy(&result.value, area + kMxcsr, sizeof result.value);
    if ((result.value & ~kMxcsrValid) != 0) return general_protection();
    return result;
}

// Components of `components` come from `area` where `restored` has their bit, and are initialised else.
void load_components(System& system, const DecodedInstruction& in, const Format& format, const std::uint8_t* area,
                     std::uint64_t components, std::uint64_t restored) {
    const unsigned count = vector_count(system.state());
    VectorImage image(system);
    if ((components & xcr0::X87) != 0) {
        if ((restored & xcr0::X87) != 0) {
            image.load_x87(area, is_wide(in));
        } else {
            image.reset_x87();
        }
    }
    if ((components & xcr0::SSE) != 0) image.load_xmm((restored & xcr0::SSE) != 0 ? area + kXmm : nullptr, count);
    for (const XsaveComponent& one : format.components()) {
        if ((components & one.bit()) == 0) continue;
        image.load_component(one, (restored & one.bit()) != 0 ? area + format.offset(one) : nullptr);
    }
}

// XSAVEC, XSAVES.
Checked<void> save_compacted(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const std::uint64_t components = requested(state);
    const Format format = Format::compacted(system, components);
    const Gva area = GUEST_TRY(area_address(state, in, format.size(components), Intent::Write));
    VectorImage image(system);
    std::uint64_t saved = components & image.in_use();
    if (image.mxcsr() != kMxcsrInitial) saved |= components & xcr0::SSE;
    std::uint8_t bytes[kMaximumArea];
    fill(image, in, format, saved, bytes);
    const std::uint64_t bitmaps[2] = {saved, components | kCompacted};
    static_assert(sizeof bitmaps == kBitmaps);
    std::memcpy(bytes + kHeader, bitmaps, sizeof bitmaps);
    const Runs runs = runs_of(state, format, saved, (saved & xcr0::SSE) != 0, kBitmaps);
    GUEST_TRY(runs.write(system, area, bytes));
    return advance(state, in);
}

// XRSTOR, and XRSTORS with `supervisor`.
Checked<void> restore(System& system, const DecodedInstruction& in, bool supervisor) {
    GuestState& state = system.state();
    const std::uint64_t components = requested(state);
    const Gva area = GUEST_TRY(area_address(state, in, x86::kXsaveLegacyEnd, Intent::Read));
    std::uint8_t bytes[kMaximumArea];
    GUEST_TRY(read_memory(system.mmu, area, bytes, x86::kXsaveLegacyEnd, state.access_class()));
    GUEST_TRY(check_header(system, state, bytes + kHeader, supervisor));
    std::uint64_t bitmaps[2];
    std::memcpy(bitmaps, bytes + kHeader, sizeof bitmaps);
    const bool compacted = (bitmaps[1] & kCompacted) != 0;
    const std::uint64_t restored = components & bitmaps[0];
    const NewMxcsr mxcsr = GUEST_TRY(new_mxcsr(bytes, compacted, components, restored));
    const Format format = compacted ? Format::compacted(system, bitmaps[1] & ~kCompacted) : Format::standard(system);
    GUEST_TRY(area_address(state, in, format.size(restored), Intent::Read));  // the limit, or the canonical end
    for (const XsaveComponent& one : format.components()) {
        const unsigned offset = format.offset(one), size = nameable_size(state, one);
        if ((restored & one.bit()) == 0 || size == 0) continue;
        GUEST_TRY(read_memory(system.mmu, offset_in(state, area, offset), bytes + offset, size, state.access_class()));
    }
    load_components(system, in, format, bytes, components, restored);
    if (mxcsr.load) VectorImage(system).set_mxcsr(mxcsr.value);
    return advance(state, in);
}

// Combinations that XCR0 allows (SDM volume 1, 13.3).
bool valid_xcr0(std::uint64_t value) {
    if ((value & xcr0::X87) == 0) return false;
    if ((value & xcr0::AVX) != 0 && (value & xcr0::SSE) == 0) return false;
    const std::uint64_t avx512 = value & xcr0::kAvx512;
    return avx512 == 0 || (avx512 == xcr0::kAvx512 && (value & xcr0::AVX) != 0);
}

}  // namespace

// XSAVE, XSAVEOPT.
Checked<void> execute_xsave(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const bool optimize = in.info.mnemonic == ZYDIS_MNEMONIC_XSAVEOPT || in.info.mnemonic == ZYDIS_MNEMONIC_XSAVEOPT64;
    if (optimize && !system.model.has(Feature::XSAVEOPT)) return undefined_opcode();
    GUEST_TRY(check_available(state));
    const std::uint64_t components = requested(state);
    const Format format = Format::standard(system);
    const Gva area = GUEST_TRY(area_address(state, in, format.size(components), Intent::Write));
    const std::uint64_t old =
        GUEST_TRY(read_value(system.mmu, offset_in(state, area, kHeader), 8, state.access_class()));
    VectorImage image(system);
    const std::uint64_t used = image.in_use();
    const std::uint64_t saved = optimize ? components & used : components;
    std::uint8_t bytes[kMaximumArea];
    fill(image, in, format, saved, bytes);
    const std::uint64_t states = (old & ~components) | (used & components);
    std::memcpy(bytes + kHeader, &states, sizeof states);
    const bool mxcsr = (components & (xcr0::SSE | xcr0::AVX)) != 0;
    const Runs runs = runs_of(state, format, saved, mxcsr, sizeof states);
    GUEST_TRY(runs.write(system, area, bytes));
    return advance(state, in);
}

Checked<void> execute_xsavec(System& system, const DecodedInstruction& in) {
    if (!system.model.has(Feature::XSAVEC)) return undefined_opcode();
    GUEST_TRY(check_available(system.state()));
    return save_compacted(system, in);
}

// IA32_XSS is always 0, so that XSAVES has no component of its own; and it writes what XSAVEC writes.
Checked<void> execute_xsaves(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_supervisor(system));
    return save_compacted(system, in);
}

Checked<void> execute_xrstor(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_available(system.state()));
    return restore(system, in, false);
}

Checked<void> execute_xrstors(System& system, const DecodedInstruction& in) {
    GUEST_TRY(check_supervisor(system));
    return restore(system, in, true);
}

Checked<void> execute_xgetbv(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if ((state.cr4 & x86::cr4::OSXSAVE) == 0) return undefined_opcode();
    const std::uint64_t number = get_gpr(state, x86::RCX, 4);
    if (number == 0) {
        set_edx_eax(state, state.xcr0);
    } else if (number == 1 && system.model.has(Feature::XGETBV1)) {
        set_edx_eax(state, state.xcr0 & VectorImage(system).in_use());
    } else {
        return general_protection();
    }
    return advance(state, in);
}

Checked<void> execute_xsetbv(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if ((state.cr4 & x86::cr4::OSXSAVE) == 0) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const std::uint64_t value = edx_eax(state);
    if (get_gpr(state, x86::RCX, 4) != 0) return general_protection();
    if ((value & ~system.model.supported_xcr0()) != 0 || !valid_xcr0(value)) return general_protection();
    state.xcr0 = value;
    return advance(state, in);
}

}  // namespace hospes::translator
