#include "engine/engine_executor.h"

#include <cstdio>
#include <cstring>

#include "compare/memory_scan.h"

namespace hospes::oracle {

namespace {

constexpr unsigned kMaxHangs = 3;
constexpr unsigned kMaxReports = 5;

// Where things are in an XSAVE area in the standard format (SDM volume 1, 13.4).
constexpr unsigned kFcw = 0, kFsw = 2, kFtw = 4, kMxcsr = 24, kSt = 32, kXmm = 160, kXstateBv = 512;

// An extended component's part of vector `i`, and which of its bytes that is.
struct Part {
    std::uint32_t offset;  // in the area
    unsigned first, size;  // of the vector's bytes
};

// The part of vector `i` that the extended component `one` holds; size 0: none.
Part part_of(const x86::XsaveComponent& one, unsigned i) {
    if (one.bit() == x86::xcr0::AVX && i < 16) return {one.offset + 16 * i, 16, 16};
    if (one.bit() == x86::xcr0::ZMM_Hi256 && i < 16) return {one.offset + 32 * i, 32, 32};
    if (one.bit() == x86::xcr0::Hi16_ZMM && i >= 16) return {one.offset + 64 * (i - 16), 0, 64};
    return {0, 0, 0};
}

void load_extended(const CpuImage& image, std::uint64_t components, const x86::XsaveLayout& layout,
                   std::uint8_t* area) {
    std::memcpy(area + kFcw, &image.fcw, 2);
    std::memcpy(area + kFsw, &image.fsw, 2);
    area[kFtw] = image.ftw;
    std::memcpy(area + kMxcsr, &image.mxcsr, 4);
    std::memcpy(area + kSt, image.st, sizeof image.st);
    for (unsigned i = 0; i < 16; ++i) std::memcpy(area + kXmm + 16 * i, image.vector[i], 16);
    for (const x86::XsaveComponent& one : layout) {
        if ((components & one.bit()) == 0) continue;
        if (one.bit() == x86::xcr0::OPMASK) std::memcpy(area + one.offset, image.mask, sizeof image.mask);
        for (unsigned i = 0; i < 32; ++i) {
            const Part part = part_of(one, i);
            std::memcpy(area + part.offset, image.vector[i] + part.first, part.size);
        }
    }
    std::memcpy(area + kXstateBv, &components, 8);
}

// A component whose bit is clear is in its initial state, whatever the area holds.
void capture_extended(const std::uint8_t* area, const x86::XsaveLayout& layout, CpuImage& image) {
    std::uint64_t components = 0;
    std::memcpy(&components, area + kXstateBv, 8);
    image.fcw = 0x37f;
    if ((components & x86::xcr0::X87) != 0) {
        std::memcpy(&image.fcw, area + kFcw, 2);
        std::memcpy(&image.fsw, area + kFsw, 2);
        image.ftw = area[kFtw];
        for (unsigned i = 0; i < 8; ++i) std::memcpy(image.st[i], area + kSt + 16 * i, 10);
    }
    std::memcpy(&image.mxcsr, area + kMxcsr, 4);
    for (unsigned i = 0; i < 16; ++i) {
        if ((components & x86::xcr0::SSE) != 0) std::memcpy(image.vector[i], area + kXmm + 16 * i, 16);
    }
    for (const x86::XsaveComponent& one : layout) {
        if ((components & one.bit()) == 0) continue;
        if (one.bit() == x86::xcr0::OPMASK) std::memcpy(image.mask, area + one.offset, sizeof image.mask);
        for (unsigned i = 0; i < 32; ++i) {
            const Part part = part_of(one, i);
            std::memcpy(image.vector[i] + part.first, area + part.offset, part.size);
        }
    }
}

// Linux tells programs of every address in its half that there is a page.
std::uint32_t error_code_as_linux_has_it(const TrapFrame& frame, std::uint64_t cr2) {
    const auto code = static_cast<std::uint32_t>(frame.error_code);
    return frame.vector == x86::PF_ && cr2 >> 63 != 0 ? code | x86::page_fault::P : code;
}

}  // namespace

Result<std::unique_ptr<EngineExecutor>> EngineExecutor::create(std::string name, const x86::CpuidModel& model,
                                                               const MakeEngine& make_engine) {
    std::unique_ptr<EngineExecutor> executor(new EngineExecutor);
    EngineExecutor& self = *executor;
    self.name_ = std::move(name);
    self.machine_ = HOSPES_TRY(GuestMachine::create());
    self.engine_ = HOSPES_TRY(make_engine(self.machine_->ram(), model));
    self.vcpu_ = HOSPES_TRY(self.engine_->create_vcpu(0));
    self.base_ = self.machine_->user_state(model);
    self.layout_ = model.xsave_layout();
    self.watchdog_ = std::make_unique<Watchdog>([&self] {
        self.host_.request_stop(true);
        self.vcpu_->notify();
    });
    return executor;
}

EngineExecutor::~EngineExecutor() { watchdog_.reset(); }

Result<void> EngineExecutor::run(const Batch& batch, Outcome* outcomes) {
    machine_->load_code(batch.code);
    machine_->load_image(batch.image);
    engine_->memory_written(GuestMachine::code_start(), kCodeSize);
    watchdog_->start();
    Result<void> result;
    for (std::uint32_t i = 0; i < batch.count && result.ok(); ++i) {
        watchdog_->pet();
        apply_patches(batch.cases[i], machine_->data_pages());
        outcomes[i] = Outcome{};
        if (hangs_ >= kMaxHangs) {
            outcomes[i].vector = kHung;
            continue;
        }
        result = run_case(batch.cases[i], outcomes[i]);
        collect_changes(batch.cases[i], batch.image, machine_->data_pages(), outcomes[i]);
        if (!result.ok()) result = std::move(result.take_error()).in("case " + std::to_string(i));
    }
    watchdog_->stop();
    return result;
}

Result<void> EngineExecutor::run_case(const Case& test, Outcome& outcome) {
    prepare(test);
    HOSPES_TRY(vcpu_->set_state(state_));
    const cpu::Exit exit = vcpu_->run(host_);
    if (exit.reason != cpu::ExitReason::Halted) return note_failure(exit, outcome);
    capture(test, outcome);
    return {};
}

void EngineExecutor::prepare(const Case& test) {
    state_ = base_;
    const CpuImage& image = test.initial;
    for (unsigned i = 0; i < 16; ++i) state_.gpr[i] = image.gpr[i];
    state_.rip = image.rip;
    state_.rflags = (image.rflags & kSettableFlags) | kInitialFlags;
    state_.segments[x86::CS] = GuestMachine::code_segment(test.cs);
    load_extended(image, base_.xcr0, layout_, state_.xsave.data());
}

void EngineExecutor::capture(const Case& test, Outcome& outcome) {
    state_ = vcpu_->state();
    TrapFrame frame;
    if (!machine_->read_frame(state_, frame) || frame.cs != test.cs || frame.ss != kUserData) {
        outcome.vector = kBadFrame;
        return;
    }
    CpuImage& image = outcome.final;
    for (unsigned i = 0; i < 16; ++i) image.gpr[i] = state_.gpr[i];
    image.gpr[x86::RSP] = frame.rsp;
    image.rip = frame.rip;
    image.rflags = frame.rflags;
    capture_extended(state_.xsave.data(), layout_, image);
    outcome.vector = frame.vector;
    outcome.error_code = error_code_as_linux_has_it(frame, state_.cr2);
    outcome.cr2 = state_.cr2;
}

// A failure is the finding, not the end of the run; but each hang takes seconds, and after some nothing is run.
Result<void> EngineExecutor::note_failure(const cpu::Exit& exit, Outcome& outcome) {
    if (!exit.report.empty() && reports_++ < kMaxReports) {
        std::fprintf(stderr, "[%s] %s\n", name_.c_str(), exit.report.c_str());
    }
    switch (exit.reason) {
        case cpu::ExitReason::Kicked:
            outcome.vector = kHung;
            host_.request_stop(false);
            if (++hangs_ == kMaxHangs) std::fprintf(stderr, "[%s] it hangs too often: no more is run\n", name_.c_str());
            return {};
        case cpu::ExitReason::Shutdown: outcome.vector = kTripleFault; return {};
        default: outcome.vector = kEngineFailed; return {};
    }
}

}  // namespace hospes::oracle
