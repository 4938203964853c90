#include "cpu/vcpu_state.h"

#include <cstring>

namespace hospes::cpu {

VcpuState initial_state() {
    VcpuState state;
    const std::uint16_t control_word = 0x037f;  // FNINIT
    const std::uint32_t mxcsr = 0x1f80;
    std::memcpy(&state.xsave[0], &control_word, sizeof control_word);
    std::memcpy(&state.xsave[24], &mxcsr, sizeof mxcsr);
    return state;
}

}  // namespace hospes::cpu
