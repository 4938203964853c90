// What is loaded from a file of translations is what would have been translated, wherever it is put.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "engine/translator/cache/code_cache.h"

namespace hospes::translator {
namespace {

constexpr std::uint64_t kRamSize = 64u << 20;
constexpr std::uint64_t kLarge = 1u << 21;
constexpr std::size_t kCodeBytes = 32u << 20;
constexpr Mode kUserMode{Mode::kCode64 | Mode::kCpl3};
constexpr Mode kKernelMode{Mode::kCode64 | Mode::kCpl0 | Mode::kSmap | Mode::kLargePage};
constexpr Mode kOldMode{Mode::kCode32 | Mode::kStack32 | Mode::kCpl3};

std::uint64_t no_slow_path(GuestState*, std::uint64_t, std::uint32_t, std::uint64_t) { return kSlowExit; }

std::vector<std::uint8_t> contents_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The place of a block, as the runtime names it.
struct Start {
    Gpa gpa;
    Mode mode;

    std::uint32_t page_offset() const { return static_cast<std::uint32_t>(gpa & (mode.page_size() - 1)); }
};

// This program's own code as guest memory, and a code cache over it.
class Guest {
  public:
    explicit Guest(const TranslateOptions& options)
        : model_(x86::CpuidModel::create("x86-64-v3", {}).take()),
          ram_(memory::GuestRam::create(kRamSize).take()),
          memory_(CodeMemory::create(kCodeBytes).take()) {
        const std::vector<std::uint8_t> code = contents_of("/proc/self/exe");
        size_ = std::min<std::size_t>(code.size(), 8 * kLarge);
        std::memcpy(ram_->host(0, size_), code.data(), size_);
        cache_ = CodeCache::create(*memory_, *ram_, model_, no_slow_path, options).take();
    }

    CodeCache& cache() { return *cache_; }
    memory::GuestRam& ram() { return *ram_; }

    // Places all over the code, in several modes.
    std::vector<Start> starts(unsigned count) const {
        std::mt19937 random(7);
        std::vector<Start> all;
        for (unsigned i = 0; i < count; ++i) {
            const Gpa gpa = size_ / 8 + random() % (size_ / 2);
            all.push_back({gpa, i % 3 == 0 ? kKernelMode : i % 3 == 1 ? kUserMode : kOldMode});
        }
        return all;
    }
    BlockIndex translate(const Start& start) {
        return cache_->translate(start.gpa, start.mode, start.page_offset(), kNotStraddled);
    }

  private:
    x86::CpuidModel model_;
    std::unique_ptr<memory::GuestRam> ram_;
    std::unique_ptr<CodeMemory> memory_;
    std::unique_ptr<CodeCache> cache_;
    std::size_t size_ = 0;
};

class SavedTranslations : public testing::Test {
  protected:
    static std::string path(const char* name) { return testing::TempDir() + "hospes-" + name; }
    static std::unique_ptr<TranslationRecorder> recorder(const char* name) {
        return TranslationRecorder::create(path(name)).take();
    }
    static TranslateOptions options(const TranslationFile* saved, TranslationRecorder* recorder) {
        TranslateOptions made;
        made.saved = saved;
        made.recorder = recorder;
        return made;
    }
    static std::unique_ptr<TranslationFile> open(const char* name) { return TranslationFile::open(path(name)).take(); }

    // Of a kernel where it was linked to.
    static std::unique_ptr<TranslationFile> save_kernel();
    // Translates code at `count` places, to be looked up in `name` from then on.
    static void save(const char* name, unsigned count) {
        const auto to = recorder(name);
        Guest guest(options(nullptr, to.get()));
        for (const Start& start : guest.starts(count)) guest.translate(start);
        to->set_identity("test");
        ASSERT_TRUE(to->write().ok());
    }
};

// Loaded in another order, each lies elsewhere, with other exits and stored instructions: made portable again, it is
// what was saved.
TEST_F(SavedTranslations, are_the_same_wherever_they_are_put) {
    constexpr unsigned kCount = 6000;
    save("first", kCount);
    const auto first = open("first");
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->identity(), "test");
    const auto again = recorder("again");
    Guest guest(options(first.get(), again.get()));
    std::vector<Start> starts = guest.starts(kCount);
    std::shuffle(starts.begin(), starts.end(), std::mt19937(8));
    unsigned made = 0;
    for (const Start& start : starts) made += guest.translate(start) != 0 ? 1 : 0;
    EXPECT_EQ(guest.cache().counters().loaded_blocks, made);
    EXPECT_EQ(guest.cache().counters().translated_blocks, 0u);
    EXPECT_GT(made, kCount / 2);
    ASSERT_TRUE(again->write().ok());

    const auto second = open("again");
    ASSERT_NE(second, nullptr);
    for (const Start& start : starts) {
        const std::uint64_t length = std::min<std::uint64_t>(kPageSize, start.mode.page_size() - start.page_offset());
        const std::span bytes(reinterpret_cast<const std::uint8_t*>(guest.ram().host(start.gpa, length)), length);
        const auto a = first->find(start.mode, start.page_offset(), bytes);
        const auto b = second->find(start.mode, start.page_offset(), bytes);
        ASSERT_EQ(a.has_value(), b.has_value());
        if (!a) continue;
        ASSERT_EQ(a->header->size, b->header->size);
        ASSERT_EQ(std::memcmp(a->header, b->header, a->header->size), 0) << std::hex << start.gpa;
    }
}

// Each exit of a loaded block leads to its own stub, and is the one that the block says.
TEST_F(SavedTranslations, have_their_exits) {
    save("exits", 600);
    const auto saved = open("exits");
    ASSERT_NE(saved, nullptr);
    Guest loading(options(saved.get(), nullptr)), translating(options(nullptr, nullptr));
    for (const Start& start : loading.starts(600)) {
        const BlockIndex index = loading.translate(start), other = translating.translate(start);
        ASSERT_EQ(index != 0, other != 0);
        if (index == 0) continue;
        const Block& a = loading.cache().block(index);
        const Block& b = translating.cache().block(other);
        ASSERT_EQ(a.exit_count, b.exit_count);
        ASSERT_EQ(a.point_count, b.point_count);
        ASSERT_EQ(a.guest_length, b.guest_length);
        ASSERT_EQ(a.guard_end, b.guard_end);
        ASSERT_EQ(a.instructions, b.instructions);
        for (unsigned i = 0; i < a.exit_count; ++i) {
            const ExitRecord& from = loading.cache().exit(a.first_exit + i);
            const ExitRecord& to = translating.cache().exit(b.first_exit + i);
            ASSERT_EQ(from.target, to.target);
            ASSERT_EQ(from.stub - a.cold_begin, to.stub - b.cold_begin);
            ASSERT_EQ(from.checked, to.checked);
            ASSERT_EQ(from.flags_saved, to.flags_saved);
            ASSERT_EQ(from.changes_access, to.changes_access);
        }
    }
    EXPECT_EQ(loading.cache().counters().translated_blocks, 0u);
}

TEST_F(SavedTranslations, are_of_these_bytes_alone) {
    save("bytes", 300);
    const auto saved = open("bytes");
    ASSERT_NE(saved, nullptr);
    Guest guest(options(saved.get(), nullptr));
    for (const Start& start : guest.starts(300)) {
        *guest.ram().host(start.gpa, 1) ^= std::byte{0x01};
        guest.translate(start);
    }
    EXPECT_LT(guest.cache().counters().loaded_blocks, 15u);  // some starts lie in blocks of others
}

// Code of a kernel that lies `slide` bytes from where it was linked to, in one page from `kKernelCode` on.
constexpr Gpa kKernelCode = 0x40'0000;
struct KernelCode {
    std::vector<std::uint8_t> bytes;
    std::vector<unsigned> starts;  // of instructions
};
KernelCode kernel_code(std::uint32_t slide) {
    const std::vector<std::vector<std::uint8_t>> instructions = {
        {0x48, 0xc7, 0xc7},        // mov rdi, address
        {0x48, 0x81, 0xf8},        // cmp rax, address
        {0x48, 0x8b, 0x04, 0xc5},  // mov rax, [rax * 8 + address]
        {0x8b, 0x14, 0x25},        // mov edx, [address]
        {0x48, 0x89, 0x83},        // mov [rbx + address], rax
        {0x48, 0x8d, 0x80},        // lea rax, [rax + address]
        {0x68},                    // push address
        {0x48, 0x63, 0x0c, 0x85},  // movsxd rcx, [rax * 4 + address]
        {0x80, 0xb8},              // cmp byte [rax + address], 0
        {0xff, 0x24, 0xc5},        // jmp [rax * 8 + address]
    };
    KernelCode code;
    std::vector<std::uint8_t>& bytes = code.bytes;
    std::uint32_t address = 0x8234'5678;
    for (const auto& instruction : instructions) {
        code.starts.push_back(static_cast<unsigned>(bytes.size()));
        bytes.insert(bytes.end(), instruction.begin(), instruction.end());
        const std::uint32_t here = (address += 0x1118) + slide;
        for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(here >> 8 * i));
        if (instruction[0] == 0x80) bytes.push_back(0);
    }
    code.starts.push_back(static_cast<unsigned>(bytes.size()));
    constexpr std::uint8_t kEnd[] = {0xb8, 0x78, 0x56, 0x34, 0x92, 0xc3};  // mov eax, a constant, no address; ret
    bytes.insert(bytes.end(), std::begin(kEnd), std::end(kEnd));
    return code;
}

class Kernel : public Guest {
  public:
    Kernel(const TranslateOptions& options, std::uint32_t slide) : Guest(options), code_(kernel_code(slide)) {
        std::memcpy(ram().host(kKernelCode, code_.bytes.size()), code_.bytes.data(), code_.bytes.size());
    }
    void translate_all() {
        for (const unsigned offset : starts()) translate(start(offset));
    }
    const std::vector<unsigned>& starts() const { return code_.starts; }
    Start start(unsigned offset) const { return {kKernelCode + offset, kKernelMode}; }
    std::span<const std::uint8_t> bytes_at(unsigned offset) {
        return {reinterpret_cast<const std::uint8_t*>(ram().host(kKernelCode + offset, 1024)), 1024};
    }

  private:
    KernelCode code_;
};

std::unique_ptr<TranslationFile> SavedTranslations::save_kernel() {
    const auto to = recorder("home");
    Kernel home(options(nullptr, to.get()), 0);
    home.translate_all();
    EXPECT_TRUE(to->write().ok());
    return open("home");
}

// What is loaded where the kernel lies elsewhere is what would be translated there.
TEST_F(SavedTranslations, follow_a_kernel_that_lies_elsewhere) {
    const auto saved = save_kernel();
    ASSERT_NE(saved, nullptr);
    for (const std::uint32_t slide : {0u, 1u << 21, 0x1a0'0000u, 0x2000'0000u, 0u - 0x20'0000u}) {
        SCOPED_TRACE(slide);
        const auto from_file = recorder("loaded"), anew = recorder("anew");
        Kernel loading(options(saved.get(), from_file.get()), slide), translating(options(nullptr, anew.get()), slide);
        loading.translate_all();
        translating.translate_all();
        EXPECT_EQ(loading.cache().counters().translated_blocks, 0u);
        ASSERT_TRUE(from_file->write().ok() && anew->write().ok());
        const auto loaded = open("loaded"), translated = open("anew");
        for (const unsigned i : loading.starts()) {
            const auto a = loaded->find(kKernelMode, loading.start(i).page_offset(), loading.bytes_at(i));
            const auto b = translated->find(kKernelMode, loading.start(i).page_offset(), loading.bytes_at(i));
            ASSERT_TRUE(a && b) << i;
            EXPECT_TRUE(std::ranges::equal(a->hot, b->hot)) << i;
            EXPECT_TRUE(std::ranges::equal(a->cold, b->cold)) << i;
        }
    }
}

// A constant that moves by what no kernel moves by is another one.
TEST_F(SavedTranslations, do_not_follow_other_changes) {
    const auto saved = save_kernel();
    for (const std::uint32_t change : {1u, 0x1000u, 0x10'0000u, 0x7000'0000u}) {
        Kernel loading(options(saved.get(), nullptr), change);
        loading.translate(loading.start(0));
        EXPECT_EQ(loading.cache().counters().loaded_blocks, 0u) << change;
    }
}

TEST_F(SavedTranslations, damage_is_seen) {
    save("damage", 60);
    const std::vector<std::uint8_t> sound = contents_of(path("damage"));
    ASSERT_NE(TranslationFile::read(sound), nullptr);
    for (std::size_t size = 0; size < sound.size(); size += 97) {
        EXPECT_EQ(TranslationFile::read(std::span(sound).first(size)), nullptr) << size;
    }
    FileHeader header;
    std::memcpy(&header, sound.data(), sizeof header);
    const std::size_t first = sizeof header + header.identity_size;
    for (std::size_t at = first; at < sound.size(); at += sound.size() / 40) {
        std::vector<std::uint8_t> bytes = sound;
        bytes[at] ^= 0x10;
        const auto file = TranslationFile::read(bytes);
        ASSERT_EQ(file == nullptr, at >= header.index) << at;
        if (file == nullptr) continue;
        Guest guest(options(file.get(), nullptr));
        for (const Start& start : guest.starts(60)) guest.translate(start);
        EXPECT_LE(guest.cache().counters().translated_blocks, 2u) << at;  // those that it hit
    }
}

TEST_F(SavedTranslations, a_file_that_was_not_finished_is_none) {
    const auto unfinished = recorder("unfinished");
    EXPECT_EQ(open("unfinished"), nullptr);
    EXPECT_EQ(TranslationFile::open(path("absent")).ok(), false);
}

}  // namespace
}  // namespace hospes::translator
