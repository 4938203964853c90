// A file of translations with any bytes, its checksums set right so that more than they is looked at. Promises: what is
// no whole file is none; blocks are put into the code memory, and nowhere else; whatever a block says, dropping it and
// looking into it stays inside. (The code in such a file is trusted, and not run here.)
//
// Input: pairs of an offset and a byte that change a sound file.
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "engine/translator/cache/code_cache.h"
#include "fuzz_input.h"

namespace {

using namespace hospes;
using namespace hospes::translator;
using fuzz::FuzzInput;
using fuzz::require;

constexpr std::uint64_t kRamSize = 1 << 20;
constexpr std::size_t kCodeBytes = 2 << 20;
constexpr Mode kMode{Mode::kCode64 | Mode::kCpl0};

// Guest code of several kinds of instructions, again and again with other constants.
constexpr std::uint8_t kCode[] = {
    0x48, 0x8b, 0x07,                    // mov rax, [rdi]
    0x48, 0x83, 0xc0, 0x11,              // add rax, 17
    0x75, 0x04,                          // jne +4
    0x48, 0x89, 0x46, 0x08,              // mov [rsi+8], rax
    0xe8, 0x00, 0x20, 0x00, 0x00,        // call +0x2000
    0x0f, 0xa2,                          // cpuid
    0xf3, 0x48, 0xa5,                    // rep movsq
    0xc5, 0xfc, 0x58, 0x47, 0x20,        // vaddps ymm0, ymm0, [rdi+32]
    0x49, 0xff, 0xc1, 0x4c, 0x39, 0xc9,  // inc r9; cmp rcx, r9
    0x48, 0x8b, 0x12, 0x48, 0x85, 0xd2,  // mov rdx, [rdx]; test rdx, rdx
    0x75, 0xf8,                          // jne -8
    0xff, 0xe0,                          // jmp rax
};
constexpr unsigned kStarts[] = {0, 3, 9, 13, 18, 20, 23, 28, 34, 42};

std::uint64_t no_slow_path(GuestState*, std::uint64_t, std::uint32_t, std::uint64_t) { return kSlowExit; }

// A code cache over RAM with the code in it.
struct Translator {
    explicit Translator(const TranslateOptions& options)
        : ram(memory::GuestRam::create(kRamSize).take()), memory(CodeMemory::create(kCodeBytes).take()) {
        std::memcpy(ram->host(0x1000, sizeof kCode), kCode, sizeof kCode);
        cache = CodeCache::create(*memory, *ram, model(), no_slow_path, options).take();
    }
    static const x86::CpuidModel& model() {
        static const x86::CpuidModel made = x86::CpuidModel::create("x86-64-v3", {}).take();
        return made;
    }
    BlockIndex translate(unsigned start) { return cache->translate(0x1000 + start, kMode, start, kNotStraddled); }

    std::unique_ptr<memory::GuestRam> ram;
    std::unique_ptr<CodeMemory> memory;
    std::unique_ptr<CodeCache> cache;
};

std::vector<std::uint8_t> make_file() {
    char path[] = "/tmp/hospes-translations-XXXXXX";
    const int file = ::mkstemp(path);
    require(file >= 0);
    ::close(file);
    auto recorder = TranslationRecorder::create(path).take();
    TranslateOptions options;
    options.recorder = recorder.get();
    Translator translator(options);
    for (const unsigned start : kStarts) require(translator.translate(start) != 0);
    recorder->set_identity("fuzz");
    require(recorder->write().ok());
    std::ifstream written(path, std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(written), {}};
    ::unlink(path);
    return bytes;
}

// Sets the checksums of the table and of each block that the table names, as far as they lie in the file.
void correct_checksums(std::vector<std::uint8_t>& bytes) {
    FileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.index > bytes.size() || header.index % 8 != 0) return;
    for (std::size_t at = header.index; at + sizeof(IndexSlot) <= bytes.size(); at += sizeof(IndexSlot)) {
        IndexSlot slot;
        std::memcpy(&slot, bytes.data() + at, sizeof slot);
        const std::uint64_t place = std::uint64_t{slot.place} * 8;
        SavedHeader block;
        if (place + sizeof block > header.index) continue;
        std::memcpy(&block, bytes.data() + place, sizeof block);
        if (block.size < 8 || place + block.size > bytes.size()) continue;
        block.checksum = checksum_of(std::span(bytes).subspan(place + 8, block.size - 8));
        std::memcpy(bytes.data() + place, &block.checksum, sizeof block.checksum);
    }
    header.index_checksum = checksum_of(std::span(bytes).subspan(header.index));
    std::memcpy(bytes.data(), &header, sizeof header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::uint8_t> sound = make_file();
    std::vector<std::uint8_t> bytes = sound;
    FuzzInput input(data, size);
    const bool corrected = (input.take<std::uint8_t>() & 1) != 0;
    while (!input.empty()) {
        const std::size_t at = input.take<std::uint16_t>() % bytes.size();
        bytes[at] = input.take<std::uint8_t>();
    }
    if (corrected) correct_checksums(bytes);
    const auto file = TranslationFile::read(bytes);
    if (file == nullptr) return 0;
    TranslateOptions options;
    options.saved = file.get();
    Translator translator(options);
    for (const unsigned start : kStarts) {
        const BlockIndex index = translator.translate(start);
        require(index != 0);
        const Block& block = translator.cache->block(index);
        require(block.end <= block.cold_begin && block.cold_end <= kCodeBytes && block.entry < block.end);
        (void)translator.cache->position_at(block, translator.memory->execute_offset());
    }
    require(translator.cache->invalidate(0x1000, kPageSize));
    return 0;
}
