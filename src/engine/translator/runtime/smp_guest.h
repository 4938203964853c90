// For tests: a guest of several vCPUs without a machine around it. RAM, 64-bit mode at CPL 0 with every page mapped to
// itself, code from the test's own assembly, and a host thread for each vCPU.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cpu/engine.h"
#include "engine/translator/engine.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::translator {

// Whether two vCPUs may ever run at the same time here.
bool two_cpus();

class SmpGuest {
  public:
    static constexpr Gpa kCode = 0x10'0000;      // where `code` goes
    static constexpr Gpa kData = 0x20'0000;      // free for the test, to the end of RAM
    static constexpr Gpa kWindow = 0x4000'0000;  // linear: two neighbours, the frames of which are not
    static constexpr Gpa kWindowFrames[2] = {0x7f'e000, 0x7f'b000};
    static constexpr std::uint64_t kRamSize = 32u << 20;

    // `code`: the test's assembly, position-independent but for addresses of data.
    SmpGuest(unsigned vcpus, const char* code, const char* code_end, Breakage breakage = Breakage::None);

    // Runs `vcpus`, by number, all at once, each from `entry`, a label in the code, with RDI = its number and RSI =
    // `argument`, until each has halted. "" or what went wrong.
    std::string run(const std::vector<unsigned>& vcpus, const char* entry, std::uint64_t argument);
    std::string run_all(const char* entry, std::uint64_t argument);

    template <typename T>
    T get(Gpa gpa) const {
        T value;
        std::memcpy(&value, ram_->host(gpa, sizeof value), sizeof value);
        return value;
    }
    template <typename T>
    void put(Gpa gpa, T value) {
        std::memcpy(ram_->host(gpa, sizeof value), &value, sizeof value);
    }
    Gpa address_of(const char* label) const { return kCode + static_cast<Gpa>(label - code_); }
    cpu::Engine& engine() { return *engine_; }
    // One of Engine::counters().
    std::uint64_t counter(const std::string& name) const;

    // An entry of the IDT, for all vCPUs.
    void set_gate(unsigned vector, const char* handler);
    static Gpa page_table_entry(Gva address);

  private:
    void build_tables();
    cpu::VcpuState start_state(unsigned vcpu, Gpa rip, std::uint64_t argument) const;

    const char* code_;
    std::unique_ptr<memory::GuestRam> ram_;
    x86::CpuidModel model_;
    std::unique_ptr<cpu::Engine> engine_;
    std::vector<std::unique_ptr<cpu::Vcpu>> vcpus_;
};

}  // namespace hospes::translator
