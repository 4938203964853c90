// The dirty log: a copy of the guest's memory that is kept by nothing but the log, while vCPUs write in every way there
// is, is the memory in the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "engine/translator/runtime/smp_guest.h"

// RSI is how often, RDI the vCPU. Most write all over 0x800000..0xbfffff.
asm(R"(
    .pushsection .rodata
    .intel_syntax noprefix
    // RAX: the next random number; RDX: an address made of it.
    .macro RANDOM
    imul rax, r8
    add rax, 1442695040
    mov rdx, rax
    shr rdx, 33
    and edx, 0x3fffff
    add edx, 0x800000
    .endm
    .macro WRITER name
\name:
    movabs r8, 6364136223846793005
    lea rax, [rdi + 77]
1:  RANDOM
    .endm
    .macro AGAIN
    dec rsi
    jnz 1b
    hlt
    .endm
    .balign 4096
dirty_code:
    WRITER dirty_plain
    and edx, ~7
    mov [rdx], rax
    movd xmm0, eax
    movss [rdx + 4], xmm0
    inc byte ptr [rdx]
    AGAIN
    WRITER dirty_locked
    and edx, ~15
    mov rbx, rax
    lock xadd [rdx], rbx
    lock bts dword ptr [rdx], 5
    xchg [rdx + 8], rbx
    AGAIN
    // Over the end of a page: where the next frame is another one, and where it is the neighbour.
    WRITER dirty_crossing
    or edx, 0xffd
    cmp edx, 0xbfff00
    jae 1b
    mov [rdx], rax
    lock add [rdx], rax
    mov [0x40000ffe], rax
    add [0x40000ffd], eax
    lock xadd [0x40000ffc], rax
    movups [0x40000ff8], xmm0
    AGAIN
    WRITER dirty_strings
    push rsi
    push rdi
    mov rdi, rdx
    mov ecx, eax
    and ecx, 0x1fff
    rep stosb
    mov rsi, rdx
    lea rdi, [rdx + 0x5123]
    mov ecx, 0x200
    rep movsq
    lea rdi, [rdx + 0x9fff]
    mov ecx, 0x321
    std
    rep stosb
    cld
    pop rdi
    pop rsi
    AGAIN
    // A page in a loop whose probes come before it.
    WRITER dirty_loop
    and edx, ~4095
    xor ecx, ecx
2:  mov [rdx + rcx * 8], rax
    add [rdx + rcx * 8 + 8], rcx
    add rcx, 1
    cmp rcx, 510
    jne 2b
    AGAIN
    // Each vCPU in a place of its own.
    WRITER dirty_stack
    and edx, 0xffff8
    mov ecx, edi
    shl ecx, 20
    lea rsp, [rdx + rcx + 0x802000]
    push rax
    call 3f
    push qword ptr [rsp + 8]
    pushfq
    enter 64, 0
    AGAIN
3:  mov [rsp - 0x1100], rax
    ret
    WRITER dirty_state
    and edx, ~63
    fxsave64 [rdx]
    sgdt [rdx + 600]
    cmpxchg16b [rdx + 1024]
    fnstenv [rdx + 2048]
    AGAIN
    // Each vCPU patches a page of code of its own, and data beside the code.
    WRITER dirty_patching
    mov r9, rdi
    shl r9, 12
    lea r10, [rip + dirty_patched]
    add r9, r10
    mov [r9 + 1], eax
    mov [r9 + 2048], rax
    mov ebx, eax
    call r9
    cmp eax, ebx
    jne 9f
    mov eax, esi
    imul eax, eax, 12345
    AGAIN
9:  ud2
    // Address spaces that are left and come back to, with what the TLB knew of them.
    WRITER dirty_spaces
    mov rcx, cr4
    bts rcx, 17
    mov cr4, rcx
    mov ecx, 0x1000
    mov ebx, esi
    and ebx, 7
    or ecx, ebx
    bts rcx, 63
    mov cr3, rcx
    shl ebx, 13
    mov [rbx + 0x800000], rax
    mov [rbx + 0x801000], rax
    AGAIN
    // They patch and run each other's code.
    WRITER dirty_sharing
    lea r10, [rip + dirty_patched]
    and edx, 31 << 12
    add r10, rdx
    mov [r10 + 1], eax
    call r10
    lea rdi, [r10 + 1]
    mov ecx, 1
    rep stosd
    AGAIN
    // Pages that push each other out of the TLB, and come back to it.
    WRITER dirty_conflicts
    and edx, 0x7ff8
    add edx, 0x800000
    mov r9d, edx
    bts r9, 31
    mov [rdx], rax
    mov [r9], rax
    AGAIN
    // Does what is asked for in 0x200000, again and again.
dirty_on_demand:
    mov eax, [0x200000]
    push rax
    pop rcx
    mov [0x800008], eax
    cmp eax, esi
    jne dirty_on_demand
    hlt
dirty_read:
    mov eax, [0x300000]
    hlt
    .balign 4096
dirty_patched:
    .rept 32
    mov eax, 0
    ret
    .balign 4096
    .endr
dirty_code_end:
    .att_syntax
    .popsection
)");
extern "C" const char dirty_code[], dirty_code_end[], dirty_plain[], dirty_locked[], dirty_crossing[], dirty_strings[],
    dirty_loop[], dirty_stack[], dirty_state[], dirty_patching[], dirty_spaces[], dirty_sharing[], dirty_conflicts[],
    dirty_on_demand[], dirty_read[];

namespace hospes::translator {
namespace {

constexpr std::uint64_t kPages = SmpGuest::kRamSize >> kPageBits;

// What the log says is all that it knows of the guest's memory.
class Copy {
  public:
    explicit Copy(SmpGuest& guest)
        : guest_(guest), log_(guest.engine().log_writes(0, SmpGuest::kRamSize).take()), bytes_(SmpGuest::kRamSize) {
        for (std::uint64_t page = 0; page < kPages; ++page) copy(page);
    }

    // The number of pages that were written.
    unsigned update() {
        EXPECT_TRUE(log_->fetch(written_).ok());
        unsigned count = 0;
        for (std::uint64_t page = 0; page < kPages; ++page) {
            if (!holds(page)) continue;
            copy(page);
            ++count;
        }
        return count;
    }
    // Of the last update.
    bool holds(std::uint64_t page) const { return (written_[page / 64] >> page % 64 & 1) != 0; }
    // Pages whose copies are not what the guest's memory is.
    std::vector<std::uint64_t> differences() const {
        std::vector<std::uint64_t> pages;
        for (std::uint64_t page = 0; page < kPages; ++page) {
            const auto here = guest_.get<std::array<std::byte, kPageSize>>(page << kPageBits);
            if (std::memcmp(here.data(), &bytes_[page << kPageBits], kPageSize) != 0) pages.push_back(page);
        }
        return pages;
    }

  private:
    void copy(std::uint64_t page) {
        const auto content = guest_.get<std::array<std::byte, kPageSize>>(page << kPageBits);
        std::memcpy(&bytes_[page << kPageBits], content.data(), kPageSize);
    }

    SmpGuest& guest_;
    std::unique_ptr<cpu::DirtyLog> log_;
    std::vector<std::byte> bytes_;
    std::vector<std::uint64_t> written_ = std::vector<std::uint64_t>(kPages / 64);
};

// A thread that calls `work` until it ends.
class Meanwhile {
  public:
    template <typename Work>
    explicit Meanwhile(Work work)
        : thread_([this, work] {
              while (!stop_) work();
          }) {}
    ~Meanwhile() {
        stop_ = true;
        thread_.join();
    }

  private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

struct Writing {
    const char* name;
    const char* entry;
    std::uint64_t rounds;
};

class DirtyLogTest : public ::testing::TestWithParam<Writing> {
  protected:
    // From 2 GiB on is what is 2 MiB further on from 0 on: in the same places of the TLB.
    DirtyLogTest() {
        constexpr Gpa kPdpt = 0x2000, kDirectory = 0x3000, kShifted = 0x1'a000;
        for (Gpa at = 0; at < kPageSize - 8; at += 8) {
            guest_.put(kShifted + at, guest_.get<std::uint64_t>(kDirectory + at + 8));
        }
        guest_.put(kPdpt + 16, kShifted | 3);
    }

    SmpGuest guest_{3, dirty_code, dirty_code_end};
};

TEST_P(DirtyLogTest, LosesNoWrite) {
    Copy copy(guest_);
    unsigned updates = 0, pages = 0;
    for (unsigned time = 0; time < 8; ++time) {
        {
            const Meanwhile update([&] {
                pages += copy.update();
                ++updates;
            });
            ASSERT_EQ(guest_.run_all(GetParam().entry, GetParam().rounds / 8), "");
        }
        copy.update();
        ASSERT_EQ(copy.differences(), std::vector<std::uint64_t>{});
        EXPECT_EQ(copy.update(), 0u);
    }
    EXPECT_GT(updates, 3u);
    EXPECT_GT(pages, 3u);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, DirtyLogTest,
    ::testing::Values(Writing{"Plain", dirty_plain, 300'000}, Writing{"Locked", dirty_locked, 200'000},
                      Writing{"Crossing", dirty_crossing, 20'000}, Writing{"Strings", dirty_strings, 5'000},
                      Writing{"Loop", dirty_loop, 20'000}, Writing{"Stack", dirty_stack, 100'000},
                      Writing{"State", dirty_state, 30'000}, Writing{"Patching", dirty_patching, 20'000},
                      Writing{"Spaces", dirty_spaces, 100'000}, Writing{"Sharing", dirty_sharing, 16'000},
                      Writing{"Conflicts", dirty_conflicts, 300'000}),
    [](const auto& each) { return std::string(each.param.name); });

// Every page is written again and again by one vCPU whose TLB knows it: what is fetched is taken from the TLB.
TEST_F(DirtyLogTest, SeesAPageAgainAfterAFetch) {
    constexpr std::uint32_t kRounds = 300, kStack = 0x40;
    Copy copy(guest_);
    const auto asked = [&](std::uint32_t round) {
        guest_.put<std::uint32_t>(0x20'0000, round);
        while (guest_.get<std::uint32_t>(0x80'0008) != round) std::this_thread::yield();
    };
    unsigned missed = 0;
    std::thread asking([&] {
        for (std::uint32_t round = 1; round < kRounds; ++round) {
            asked(round);
            copy.update();
            if (!copy.holds(0x800) || !copy.holds(kStack)) ++missed;
        }
        guest_.put<std::uint32_t>(0x20'0000, kRounds);
    });
    EXPECT_EQ(guest_.run({0}, dirty_on_demand, kRounds), "");
    asking.join();
    EXPECT_EQ(missed, 0u);
}

TEST_F(DirtyLogTest, HasTheTablesWhoseAccessedBitsAreSet) {
    Copy copy(guest_);
    ASSERT_EQ(guest_.get<std::uint64_t>(SmpGuest::page_table_entry(0x30'0000)) & 0x20, 0u);
    ASSERT_EQ(guest_.run({0}, dirty_read, 0), "");
    ASSERT_NE(guest_.get<std::uint64_t>(SmpGuest::page_table_entry(0x30'0000)) & 0x20, 0u);
    copy.update();
    EXPECT_TRUE(copy.holds(SmpGuest::page_table_entry(0x30'0000) >> kPageBits));
    EXPECT_FALSE(copy.holds(0x300)) << "it was only read";
    EXPECT_EQ(copy.differences(), std::vector<std::uint64_t>{});
}

TEST_F(DirtyLogTest, HasWhatDevicesWrite) {
    Copy copy(guest_);
    EXPECT_EQ(copy.update(), 0u);
    guest_.put<std::uint64_t>(0x20'1ffc, ~0ull);
    guest_.engine().memory_written(0x20'1ffc, 8);
    EXPECT_EQ(copy.update(), 2u);
    EXPECT_TRUE(copy.holds(0x201) && copy.holds(0x202));
    EXPECT_EQ(copy.update(), 0u);
}

TEST_F(DirtyLogTest, IsOfItsRangeAndItsTime) {
    cpu::Engine& engine = guest_.engine();
    EXPECT_FALSE(engine.log_writes(0x1000, 0x800).ok());
    EXPECT_FALSE(engine.log_writes(SmpGuest::kRamSize, 0x1000).ok());
    auto log = engine.log_writes(0x20'1000, 0x3000).take();
    EXPECT_FALSE(engine.log_writes(0x20'3000, 0x1000).ok());
    auto other = engine.log_writes(0x20'4000, 0x1000).take();
    engine.memory_written(0x20'0000, 0x2001);
    std::uint64_t pages = ~0ull;
    ASSERT_TRUE(log->fetch({&pages, 1}).ok());
    EXPECT_EQ(pages, 3u);
    ASSERT_TRUE(other->fetch({&pages, 1}).ok());
    EXPECT_EQ(pages, 0u);
    engine.memory_written(0x20'1000, 1);
    log.reset();
    log = engine.log_writes(0x20'1000, 0x3000).take();
    ASSERT_TRUE(log->fetch({&pages, 1}).ok());
    EXPECT_EQ(pages, 0u);
}

}  // namespace
}  // namespace hospes::translator
