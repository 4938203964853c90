// Litmus tests: of what several vCPUs see of each other's plain accesses, x86's total store order allows some outcomes
// and forbids the others. The same instructions run in a guest and on the host's own CPUs, which show the same.
#include <gtest/gtest.h>

#include <chrono>

#include "engine/translator/runtime/smp_guest.h"
#include "engine/translator/runtime/smp_litmus.h"
#include "engine/translator/runtime/smp_native.h"

namespace hospes::translator {
namespace {

template <typename Machine>
void place_functions(const Litmus& test, Machine& machine) {
    if (!test.calls_x) return;
    for (unsigned i = 0; i < test.batches * kSamplesPerBatch; ++i) machine.put(kPlaceX + i * 8, kFunction);
}

template <typename Machine>
Outcomes outcomes(const Litmus& test, const Machine& machine) {
    Outcomes found;
    for (unsigned i = 0; i < test.batches * kSamplesPerBatch; ++i) {
        const auto saw = [&](unsigned thread, unsigned which) {
            return machine.template get<std::uint32_t>(kSeen + thread * kSeenStride + i * 8 + which * 4) != 0;
        };
        found.count({saw(test.a, 0), saw(test.a, 1), saw(test.b, 0), saw(test.b, 1)});
    }
    return found;
}

Outcomes in_guest(const Litmus& test, Breakage breakage = Breakage::None) {
    SmpGuest guest(test.threads, smp_litmus_guest, smp_litmus_guest_end, breakage);
    place_functions(test, guest);
    EXPECT_EQ(guest.run_all(test.guest, test.batches), "");
    return outcomes(test, guest);
}

Outcomes natively(const Litmus& test) {
    SmpNative host;
    EXPECT_TRUE(host.valid());
    if (!host.valid()) return {};
    place_functions(test, host);
    host.run_all(test.threads, test.native, test.batches);
    return outcomes(test, host);
}

// Runs until `seen` says yes. It takes two CPUs at the same time, which the host may be slow to lend.
template <typename Seen>
bool seen_in_time(Seen seen) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (!seen()) {
        if (std::chrono::steady_clock::now() > end) return false;
    }
    return true;
}

class SmpForbidden : public testing::TestWithParam<Litmus> {};
// What shows only if two threads run at the same time.
class SmpShown : public testing::TestWithParam<Litmus> {
  protected:
    void SetUp() override {
        if (!two_cpus()) GTEST_SKIP() << "the host has one CPU";
    }
};
class SmpBroken : public SmpShown {};
class SmpAllowed : public SmpShown {};

std::string name_of(const testing::TestParamInfo<Litmus>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Fenced, SmpForbidden, testing::ValuesIn(kFenced), name_of);
INSTANTIATE_TEST_SUITE_P(Ordered, SmpForbidden, testing::ValuesIn(kOrdered), name_of);
INSTANTIATE_TEST_SUITE_P(Fenced, SmpBroken, testing::ValuesIn(kFenced), name_of);
INSTANTIATE_TEST_SUITE_P(Litmus, SmpAllowed, testing::ValuesIn(kAllowing), name_of);

// Each shows all that the other often does, which takes two CPUs, and what is forbidden is not among it.
TEST_P(SmpForbidden, GuestShowsWhatTheHostShows) {
    const Litmus& test = GetParam();
    Outcomes guest, host;
    const bool alike = seen_in_time([&] {
        guest += in_guest(test);
        host += natively(test);
        return !two_cpus() || (guest.cover(host) && host.cover(guest));
    });
    EXPECT_TRUE(alike);
    EXPECT_EQ(guest.count_of(test.forbidden), 0u);
    EXPECT_EQ(host.count_of(test.forbidden), 0u);
    if (HasFailure()) ADD_FAILURE() << "guest: " << guest.text() << "; host: " << host.text();
}

TEST_P(SmpAllowed, BothShowIt) {
    const Litmus& test = GetParam();
    EXPECT_TRUE(seen_in_time([&] { return in_guest(test).count_of(test.forbidden) != 0; })) << "never in the guest";
    EXPECT_TRUE(seen_in_time([&] { return natively(test).count_of(test.forbidden) != 0; })) << "never on the host";
}

// The engine made so that locks, fences and XCHG order nothing.
TEST_P(SmpBroken, IsSeen) {
    const Litmus& test = GetParam();
    EXPECT_TRUE(seen_in_time([&] { return in_guest(test, Breakage::Order).count_of(test.forbidden) != 0; }));
}

}  // namespace
}  // namespace hospes::translator
