// FXSAVE and FXRSTOR (SDM volume 1, 10.5). With CR4.OSFXSR clear they may leave the XMM registers out; as most
// processors do, these never do.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

constexpr unsigned kFxsaveArea = 512;

using namespace xsave_area;

constexpr unsigned kSize = 512;
constexpr Gva kAlignmentMask = 3;  // of #AC; the rest of what is wrong is #GP

Checked<Gva> area_address(const GuestState& state, const DecodedInstruction& in, Intent intent) {
    if ((state.cr0 & (x86::cr0::TS | x86::cr0::EM)) != 0) return device_not_available();
    const Gva address = GUEST_TRY(operand_address(state, in, 0, kSize, intent, kAlignmentMask));
    if ((address & 15) != 0) return general_protection();
    return address;
}

// Bytes in use: the last 96 are software's or reserved.
unsigned used_size(const GuestState& state) { return kXmm + 16 * vector_count(state); }

}  // namespace

Checked<void> execute_fxsave(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const Gva area = GUEST_TRY(area_address(state, in, Intent::Write));
    GUEST_TRY(check_write(system.mmu, area, kFxsaveArea, state.access_class()));  // as processors do, all of it
    std::uint8_t bytes[kXmmEnd];
    VectorImage(system).store_legacy(bytes, in.info.operand_width == 64);
    GUEST_TRY(write_memory(system.mmu, area, bytes, used_size(state), state.access_class()));
    return advance(state, in);
}

Checked<void> execute_fxrstor(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const Gva area = GUEST_TRY(area_address(state, in, Intent::Read));
    std::uint8_t bytes[kXmmEnd] = {};
    GUEST_TRY(read_memory(system.mmu, area, bytes, used_size(state), state.access_class()));
    std::uint32_t mxcsr = 0;
    __builtin_memcpy(&mxcsr, bytes + kMxcsr, sizeof mxcsr);
    if ((mxcsr & ~kMxcsrValid) != 0) return general_protection();
    VectorImage image(system);
    image.load_x87(bytes, in.info.operand_width == 64);
    image.set_mxcsr(mxcsr);
    image.load_xmm(bytes + kXmm, vector_count(state));
    return advance(state, in);
}

}  // namespace hospes::translator
