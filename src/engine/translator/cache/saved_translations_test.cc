// What is loaded from a file of translations is what would have been translated, wherever it is put.
#include <gtest/gtest.h>

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
        made.emit.relocations = recorder != nullptr;
        return made;
    }
    static std::unique_ptr<TranslationFile> open(const char* name) { return TranslationFile::open(path(name)).take(); }

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
