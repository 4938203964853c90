// What the init has to tell whoever reads the VM's console: the CLI shows it when the start fails.
#pragma once

#include <string>

namespace hospes::guest {

// Opens /dev/console as standard error, and nothing as the other two, if the kernel has not.
void open_console();

// One line on the console.
void say(const std::string& text);

// Ends the VM.
[[noreturn]] void power_off();

}  // namespace hospes::guest
