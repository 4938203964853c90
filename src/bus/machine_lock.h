// The one lock of a VM's device state.
//
// Held by the vCPU thread around every call into a device and by the I/O thread around every callback of the event
// loop (base/event). A device never takes it itself: every method of IoDevice, InterruptLine, MsiTarget and every
// EventLoop callback runs with it held. A thread of a device's own (none so far) takes it before it touches devices.
#pragma once

#include <mutex>

namespace hospes::bus {

using MachineLock = std::mutex;

}  // namespace hospes::bus
