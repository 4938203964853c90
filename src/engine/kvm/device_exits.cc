// Exits that a device or the platform answers: ports, device memory, MSRs.
#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/kvm/vcpu.h"

namespace hospes::kvm {

namespace {

constexpr std::uint32_t kKvmFirst = 0x4b564d00, kKvmLast = 0x4b564dff;

// Those of the local APIC are KVM's.
bool is_platform(std::uint32_t index) { return index >= kKvmFirst && index <= kKvmLast; }

// A value of `size` bytes in the lowest ones of `T`.
template <typename T>
T load(const std::uint8_t* from, unsigned size) {
    T value = 0;
    std::memcpy(&value, from, size);
    return value;
}

}  // namespace

void KvmVcpu::answer_port(cpu::VcpuHost& host) {
    ++counters_.port;
    const auto& io = run_->io;
    std::uint8_t* data = reinterpret_cast<std::uint8_t*>(run_) + io.data_offset;
    for (std::uint32_t i = 0; i < io.count; ++i, data += io.size) {
        if (io.direction == KVM_EXIT_IO_OUT) {
            host.port_write(io.port, load<std::uint32_t>(data, io.size), io.size);
        } else {
            const std::uint32_t value = host.port_read(io.port, io.size);
            std::memcpy(data, &value, io.size);
        }
    }
}

// KVM's accesses are of any length up to 8; the bus's are powers of two.
void KvmVcpu::answer_mmio(cpu::VcpuHost& host) {
    ++counters_.mmio;
    auto& mmio = run_->mmio;
    const unsigned length = std::min<unsigned>(mmio.len, sizeof mmio.data);
    for (unsigned done = 0; done < length;) {
        const unsigned size = std::bit_floor(length - done);
        std::uint8_t* data = mmio.data + done;
        if (mmio.is_write != 0) {
            host.mmio_write(mmio.phys_addr + done, load<std::uint64_t>(data, size), size);
        } else {
            const std::uint64_t value = host.mmio_read(mmio.phys_addr + done, size);
            std::memcpy(data, &value, size);
        }
        done += size;
    }
}

void KvmVcpu::answer_msr_read(cpu::VcpuHost& host) {
    ++counters_.msr;
    auto& msr = run_->msr;
    const auto value = is_platform(msr.index) ? host.msr_read(msr.index) : msrs_.read(msr.index);
    msr.data = value.value_or(0);
    msr.error = !value;
}

void KvmVcpu::answer_msr_write(cpu::VcpuHost& host) {
    ++counters_.msr;
    auto& msr = run_->msr;
    msr.error = !(is_platform(msr.index) ? host.msr_write(msr.index, msr.data) : msrs_.write(msr.index, msr.data));
}

}  // namespace hospes::kvm
