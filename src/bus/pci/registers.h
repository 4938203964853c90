// Offsets and bits of the type 0 configuration header (PCI Local Bus 3.0, 6.1-6.2) and of MSI-X (6.8.2).
#pragma once

#include <cstdint>

namespace hospes::pci {

inline constexpr unsigned kConfigSize = 256;
inline constexpr unsigned kBarCount = 6;

namespace reg {
inline constexpr unsigned kVendor = 0x00;
inline constexpr unsigned kDevice = 0x02;
inline constexpr unsigned kCommand = 0x04;
inline constexpr unsigned kStatus = 0x06;
inline constexpr unsigned kRevision = 0x08;
inline constexpr unsigned kClass = 0x09;  // three bytes
inline constexpr unsigned kCacheLine = 0x0c;
inline constexpr unsigned kHeaderType = 0x0e;
inline constexpr unsigned kBar0 = 0x10;
inline constexpr unsigned kSubsystemVendor = 0x2c;
inline constexpr unsigned kSubsystem = 0x2e;
inline constexpr unsigned kCapabilities = 0x34;
inline constexpr unsigned kInterruptLine = 0x3c;
inline constexpr unsigned kInterruptPin = 0x3d;
inline constexpr unsigned kFirstCapability = 0x40;
}  // namespace reg

namespace command {
inline constexpr std::uint16_t kIo = 1 << 0;
inline constexpr std::uint16_t kMemory = 1 << 1;
inline constexpr std::uint16_t kBusMaster = 1 << 2;
inline constexpr std::uint16_t kParity = 1 << 6;
inline constexpr std::uint16_t kSystemError = 1 << 8;
inline constexpr std::uint16_t kInterruptDisable = 1 << 10;
inline constexpr std::uint16_t kWritable = kIo | kMemory | kBusMaster | kParity | kSystemError | kInterruptDisable;
}  // namespace command

namespace status {
inline constexpr std::uint16_t kInterrupt = 1 << 3;
inline constexpr std::uint16_t kCapabilities = 1 << 4;
}  // namespace status

namespace capability {
inline constexpr std::uint8_t kVendor = 0x09;
inline constexpr std::uint8_t kMsix = 0x11;
}  // namespace capability

namespace msix {
inline constexpr std::uint16_t kEnable = 1 << 15;
inline constexpr std::uint16_t kFunctionMask = 1 << 14;
inline constexpr std::uint32_t kVectorMasked = 1 << 0;
inline constexpr unsigned kEntrySize = 16;
inline constexpr unsigned kMaxVectors = 2048;
}  // namespace msix

}  // namespace hospes::pci
