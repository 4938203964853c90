// Model-specific registers that keep what is written to them and have no effect: what kernels look at while they boot.
// For engines that do not have the processor's own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace hospes::cpu {

// What they hold: part of a vCPU's state.
struct KeptMsrValues {
    static constexpr unsigned kVariableRanges = 8, kFixedRanges = 11;

    std::uint64_t spec_ctrl = 0;
    std::uint64_t misc_enable = 0x1801;  // fast strings; no BTS, no PEBS
    std::uint64_t debugctl = 0;
    std::uint64_t mtrr_def_type = 0x806;                             // enabled, write-back, as firmware would leave it
    std::array<std::uint64_t, 2 * kVariableRanges> mtrr_variable{};  // base and mask, by turns
    std::array<std::uint64_t, kFixedRanges> mtrr_fixed{};            // 64K, 2 of 16K, 8 of 4K

    bool operator==(const KeptMsrValues&) const = default;
};

class KeptMsrs {
  public:
    // `arch_capabilities`: IA32_ARCH_CAPABILITIES, which is constant.
    explicit KeptMsrs(std::uint64_t arch_capabilities) : arch_capabilities_(arch_capabilities) {}

    const KeptMsrValues& values() const { return values_; }
    void set_values(const KeptMsrValues& values) { values_ = values; }

    // nullopt and false: no such register, or a value that it refuses (the guest gets #GP).
    std::optional<std::uint64_t> read(std::uint32_t index) const;
    bool write(std::uint32_t index, std::uint64_t value);

  private:
    std::uint64_t arch_capabilities_;
    KeptMsrValues values_;
};

}  // namespace hospes::cpu
