// The dirty log of both engines, to which vCPUs and a virtio device write: a copy of the guest's memory that is kept by
// nothing but the log is the memory in the end. Needs a working /dev/kvm.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "cpu/bare_host.h"
#include "engine/kvm/engine.h"
#include "engine/translator/engine.h"
#include "machine/boot/entry_state.h"
#include "virtio/queue/split_queue.h"
#include "virtio/queue/test_ring.h"

// All over [0x400000, 0x800000), RCX rounds.
asm(R"(
    .intel_syntax noprefix
    .pushsection .rodata
writing_guest:
    movabs r8, 6364136223846793005
1:  imul rax, r8
    add rax, 1442695040
    mov rdx, rax
    shr rdx, 33
    and edx, 0x3ffff8
    mov [rdx + 0x400000], rax
    lock add [rdx + 0x400006], rax
    dec rcx
    jnz 1b
    mov al, 1
    out 0xf4, al
    hlt
writing_guest_end:
    .popsection
    .att_syntax
)");
extern "C" const char writing_guest[], writing_guest_end[];

namespace hospes {
namespace {

constexpr Gpa kCode = 0x200000, kRing = 0x210000, kBuffers = 0x300000;
constexpr std::uint64_t kRamSize = 16 << 20, kPages = kRamSize >> kPageBits;

class TestHost final : public cpu::BareHost {
  public:
    void port_write(std::uint16_t, std::uint32_t, unsigned) override { request_stop(true); }
};

// As the board's: what devices write is told to the engine.
class EngineObserver final : public memory::DmaObserver {
  public:
    explicit EngineObserver(cpu::Engine& engine) : engine_(engine) {}
    void memory_written(Gpa gpa, std::uint64_t length) override { engine_.memory_written(gpa, length); }

  private:
    cpu::Engine& engine_;
};

class Copy {
  public:
    Copy(memory::GuestRam& ram, cpu::Engine& engine)
        : ram_(ram), log_(engine.log_writes(0, kRamSize).take()), bytes_(kRamSize) {
        EXPECT_TRUE(ram_.read(0, bytes_.data(), kRamSize));
    }
    unsigned update() {
        EXPECT_TRUE(log_->fetch(written_).ok());
        unsigned count = 0;
        for (std::uint64_t page = 0; page < kPages; ++page) {
            if (!holds(page)) continue;
            EXPECT_TRUE(ram_.read(page << kPageBits, &bytes_[page << kPageBits], kPageSize));
            ++count;
        }
        return count;
    }
    bool holds(std::uint64_t page) const { return (written_[page / 64] >> page % 64 & 1) != 0; }
    bool is_equal() const { return std::memcmp(ram_.host(0, kRamSize), bytes_.data(), kRamSize) == 0; }

  private:
    memory::GuestRam& ram_;
    std::unique_ptr<cpu::DirtyLog> log_;
    std::vector<std::byte> bytes_;
    std::vector<std::uint64_t> written_ = std::vector<std::uint64_t>(kPages / 64);
};

// The parameter: on KVM.
class DirtyLogOf : public ::testing::TestWithParam<bool> {
  protected:
    DirtyLogOf() {
        x86::CpuidPlatform platform{2'000'000, 2};
        platform.engine_has = [this](x86::Feature feature) { return kvm_.has(feature); };
        model_ = std::make_unique<x86::CpuidModel>(x86::CpuidModel::create("host", platform).take());
        engine_ =
            GetParam()
                ? kvm::create_engine(kvm_, *ram_, *model_).take()
                : translator::create_engine({}, translator::create_resources({}, 2).take(), *ram_, *model_).take();
        for (unsigned i = 0; i < 2; ++i) vcpus_.push_back(engine_->create_vcpu(i).take());
        EXPECT_TRUE(ram_->write(kCode, writing_guest, static_cast<std::size_t>(writing_guest_end - writing_guest)));
    }

    void run(unsigned index, std::uint64_t rounds) {
        TestHost host;
        cpu::VcpuState state = entry_;
        state.gpr[x86::RAX] = index + 1;
        state.gpr[x86::RCX] = rounds;
        EXPECT_TRUE(vcpus_[index]->set_state(state).ok());
        const cpu::Exit exit = vcpus_[index]->run(host);
        EXPECT_TRUE(host.stop_requested()) << exit.report;  // it may have come to its HLT as well
    }

    kvm::Host kvm_ = kvm::Host::open().take();
    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(kRamSize).take();
    std::unique_ptr<x86::CpuidModel> model_;
    std::unique_ptr<cpu::Engine> engine_;
    std::vector<std::unique_ptr<cpu::Vcpu>> vcpus_;
    cpu::VcpuState entry_ = machine::long_mode_entry(*ram_, kCode);
};

INSTANTIATE_TEST_SUITE_P(Engines, DirtyLogOf, ::testing::Bool(),
                         [](const auto& each) { return std::string(each.param ? "Kvm" : "Translator"); });

TEST_P(DirtyLogOf, LosesNoWriteOfTwoVcpus) {
    Copy copy(*ram_, *engine_);
    unsigned updates = 0, pages = 0;
    std::atomic<unsigned> left{2};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
            run(i, 100'000);
            --left;
        });
    }
    for (; left != 0; ++updates) {
        pages += copy.update();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(updates, 3u);
    EXPECT_GT(pages, 1024u);
    copy.update();
    EXPECT_TRUE(copy.is_equal());
    EXPECT_EQ(copy.update(), 0u);
}

TEST_P(DirtyLogOf, HasWhatVirtioWrites) {
    EngineObserver observer(*engine_);
    virtio::TestRing ring(*ram_, kRing, 16);
    virtio::SplitQueue queue(*ram_, observer);
    ASSERT_TRUE(queue.start(ring.layout(), false));
    Copy copy(*ram_, *engine_);
    EXPECT_EQ(copy.update(), 0u);
    ring.add({{kBuffers + 0xf00, 0x1200, true}});
    virtio::Chain chain;
    ASSERT_EQ(queue.pop(chain), virtio::SplitQueue::Pop::Chain);
    const std::vector<std::byte> answer(0x1101, std::byte{0x5a});
    virtio::copy_in(chain.writable(), 0, answer.data(), answer.size());
    queue.push(chain, 0x1101);
    queue.publish();
    EXPECT_EQ(copy.update(), 4u);
    for (const Gpa at : {kBuffers, kBuffers + 0x1000, kBuffers + 0x2000, ring.layout().used}) {
        EXPECT_TRUE(copy.holds(at >> kPageBits)) << at;
    }
    EXPECT_EQ(copy.update(), 0u);
}

// A range that begins and ends in the middle of a word of KVM's bitmap.
TEST_P(DirtyLogOf, IsOfItsRangeAndItsTime) {
    constexpr Gpa kFirst = 0x5fd000;
    constexpr std::uint64_t kCount = 69;
    std::vector<std::uint64_t> pages(2);
    auto log = engine_->log_writes(kFirst, kCount << kPageBits).take();
    EXPECT_FALSE(engine_->log_writes(kFirst + kPageSize, kPageSize).ok());
    auto neighbour = engine_->log_writes(kFirst - kPageSize, kPageSize).take();
    run(0, 100'000);
    ASSERT_TRUE(log->fetch(pages).ok());
    EXPECT_EQ(pages[0], ~0ull);
    EXPECT_EQ(pages[1], 0x1full);
    ASSERT_TRUE(log->fetch(pages).ok());
    EXPECT_EQ(pages[0] | pages[1], 0u);
    ASSERT_TRUE(neighbour->fetch({pages.data(), 1}).ok());
    EXPECT_EQ(pages[0], 1u);
    run(0, 100'000);
    log.reset();
    log = engine_->log_writes(kFirst, kCount << kPageBits).take();
    ASSERT_TRUE(log->fetch(pages).ok());
    EXPECT_EQ(pages[0] | pages[1], 0u);
    log.reset();
    neighbour.reset();
    run(0, 100);
}

}  // namespace
}  // namespace hospes
