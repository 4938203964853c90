#include "devices/power/keyboard_controller.h"

namespace hospes::devices {

namespace {
constexpr std::uint8_t kOutputFull = 0x01, kSystemFlag = 0x04, kKeyboardUnlocked = 0x10;  // status
enum Command : std::uint8_t {
    kReadConfiguration = 0x20,
    kWriteConfiguration = 0x60,
    kTestMouse = 0xa9,
    kSelfTest = 0xaa,
    kTestKeyboard = 0xab,
    kReadInput = 0xc0,
    kReadOutput = 0xd0,
    kWriteOutput = 0xd1,
    kWriteKeyboardBuffer = 0xd2,
    kWriteMouseBuffer = 0xd3,
    kWriteMouse = 0xd4,
    kPulseFirst = 0xf0,
};
constexpr std::uint8_t kInterfaceClockStuckLow = 0x01;  // the test's way to say that nothing is plugged in
constexpr std::uint8_t kA20Open = 0x02, kNotReset = 0x01;
}  // namespace

std::uint8_t KeyboardController::status() const {
    return static_cast<std::uint8_t>((output_full_ ? kOutputFull : 0) | kSystemFlag | kKeyboardUnlocked);
}

std::uint8_t KeyboardController::take_output() {
    output_full_ = false;
    return output_;
}

void KeyboardController::answer(std::uint8_t value) {
    output_ = value;
    output_full_ = true;
}

void KeyboardController::run_command(std::uint8_t command) {
    awaited_ = 0;
    switch (command) {
        case kReadConfiguration: return answer(configuration_);
        case kSelfTest: return answer(0x55);
        case kTestKeyboard:
        case kTestMouse: return answer(kInterfaceClockStuckLow);
        case kReadInput: return answer(0x80);
        case kReadOutput: return answer(kA20Open | kNotReset);
        case kWriteConfiguration:
        case kWriteOutput:
        case kWriteKeyboardBuffer:
        case kWriteMouseBuffer:
        case kWriteMouse: awaited_ = command; return;
        default: break;
    }
    // Commands 0xf0..0xff pulse the output bits that are 0; bit 0 is the processor's reset.
    if (command >= kPulseFirst && !(command & 1)) power_.reset();
}

// A byte for the keyboard or mouse themselves gets no answer: there is none.
void KeyboardController::take_data(std::uint8_t value) {
    const std::uint8_t command = awaited_;
    awaited_ = 0;
    switch (command) {
        case kWriteConfiguration: configuration_ = value; break;
        case kWriteOutput:
            if (!(value & kNotReset)) power_.reset();
            break;
        case kWriteKeyboardBuffer: answer(value); break;
        default: break;
    }
}

}  // namespace hospes::devices
