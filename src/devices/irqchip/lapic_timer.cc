#include "devices/irqchip/lapic_timer.h"

#include <algorithm>
#include <utility>

namespace hospes::devices {

namespace {
// A guest could otherwise keep the I/O thread busy with a period of a nanosecond.
constexpr Nanoseconds kShortestPeriod = 20'000;
}  // namespace

LapicTimer::LapicTimer(TimeSource& time, const GuestTsc& tsc, std::function<void()> expired)
    : time_(time), tsc_(tsc), expired_(std::move(expired)), timer_(time.create_timer([this] { fire(); })) {}

unsigned LapicTimer::divider() const {
    const unsigned code = (divide_configuration_ & 3) | ((divide_configuration_ >> 1) & 4);
    return code == 7 ? 1 : 2u << code;
}

void LapicTimer::set_mode(Mode mode) {
    if (mode == mode_) return;
    if (mode == Mode::TscDeadline || mode_ == Mode::TscDeadline) {
        timer_->disarm();
        running_ = false;
        deadline_ = 0;
    }
    mode_ = mode;
}

void LapicTimer::set_divide(std::uint32_t configuration) {
    const std::uint32_t left = current_count();
    divide_configuration_ = configuration & 0xb;
    if (running_) start(left);
}

void LapicTimer::start(std::uint32_t count) {
    running_ = count != 0;
    if (!running_) return timer_->disarm();
    end_ = time_.now() + static_cast<Nanoseconds>(count) * divider();
    timer_->arm(end_);
}

void LapicTimer::set_initial_count(std::uint32_t count) {
    if (mode_ == Mode::TscDeadline) return;
    initial_count_ = count;
    start(count);
}

std::uint32_t LapicTimer::current_count() const {
    if (!running_) return 0;
    const Nanoseconds now = time_.now();
    return now >= end_ ? 0 : static_cast<std::uint32_t>((end_ - now + divider() - 1) / divider());
}

void LapicTimer::set_deadline(std::uint64_t deadline) {
    if (mode_ != Mode::TscDeadline) return;
    deadline_ = deadline;
    if (deadline_ == 0) return timer_->disarm();
    arm_deadline();
}

void LapicTimer::arm_deadline() {
    const std::uint64_t now = tsc_.read();
    if (now >= deadline_) {
        timer_->disarm();
        deadline_ = 0;
        return expired_();
    }
    // Not beyond a day at a time, so that the product fits; fire() arms the rest.
    const std::uint64_t left = std::min(deadline_ - now, tsc_.khz() * 1000 * 86400);
    const std::uint64_t nanoseconds =
        static_cast<std::uint64_t>(static_cast<__uint128_t>(left) * 1'000'000 / tsc_.khz());
    timer_->arm(time_.now() + nanoseconds + 1);
}

void LapicTimer::fire() {
    if (mode_ == Mode::TscDeadline) {
        if (deadline_ != 0) arm_deadline();
        return;
    }
    if (mode_ == Mode::Periodic && initial_count_ != 0) {
        const Nanoseconds period = std::max(static_cast<Nanoseconds>(initial_count_) * divider(), kShortestPeriod);
        const Nanoseconds now = time_.now();
        end_ += period;
        if (end_ <= now) end_ = now + period;  // the host was late by more than a period: those ticks are lost
        timer_->arm(end_);
    } else {
        running_ = false;
    }
    expired_();
}

void LapicTimer::resume(const Registers& from) {
    reset();
    mode_ = from.mode;
    divide_configuration_ = from.divide_configuration & 0xb;
    initial_count_ = from.initial_count;
    if (mode_ == Mode::TscDeadline) return set_deadline(from.deadline);
    start(from.current_count);
}

void LapicTimer::reset() {
    timer_->disarm();
    mode_ = Mode::OneShot;
    divide_configuration_ = initial_count_ = 0;
    deadline_ = 0;
    running_ = false;
}

}  // namespace hospes::devices
