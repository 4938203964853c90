// How fast the translator makes code: translation FILE [ROUNDS] [SKIP]
//
// Takes the bytes of FILE (an executable) from SKIP on as 64-bit user code, translates them block after block, and says
// what an instruction costs. Run it under callgrind for a profile that other load does not disturb.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "engine/translator/cache/code_cache.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace {

using namespace hospes;
using namespace hospes::translator;

constexpr std::size_t kCodeCacheBytes = 512u << 20;
constexpr Gpa kCode = 0x100000;

// Nothing runs here, so nothing calls it.
std::uint64_t no_slow_path(GuestState*, std::uint64_t, std::uint32_t, std::uint64_t) { std::abort(); }

std::vector<char> read_file(const char* path, long skip) {
    std::ifstream file(path, std::ios::binary);
    file.seekg(skip);
    return {std::istreambuf_iterator<char>(file), {}};
}

void translate_all(CodeCache& cache, Gpa end) {
    const Mode mode{Mode::kCode64 | Mode::kCpl3};
    for (Gpa at = kCode; at < end;) {
        const BlockIndex index = cache.translate(at, mode, static_cast<std::uint32_t>(at & kPageMask), kNotStraddled);
        at += index == 0 ? kPageSize - (at & kPageMask) : cache.block(index).guest_length;
    }
}

int measure(const char* path, int rounds, long skip) {
    const std::vector<char> code = read_file(path, skip);
    auto ram = memory::GuestRam::create((kCode + code.size() + 0x200000) & ~0x1fffffull);
    auto model = x86::CpuidModel::create("host", {});
    if (code.empty() || !ram.ok() || !model.ok()) return std::fprintf(stderr, "cannot read %s\n", path), 1;
    std::copy(code.begin(), code.end(), reinterpret_cast<char*>((*ram)->host(kCode, code.size())));
    auto memory = CodeMemory::create(kCodeCacheBytes);
    if (!memory.ok()) return std::fprintf(stderr, "%s\n", memory.error().message().c_str()), 1;
    auto cache = CodeCache::create(**memory, **ram, *model, &no_slow_path, {});
    if (!cache.ok()) return std::fprintf(stderr, "%s\n", cache.error().message().c_str()), 1;
    const auto started = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) translate_all(**cache, kCode + code.size());
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - started;
    const CodeCacheCounters& counters = (*cache)->counters();
    std::printf("%.0f ns an instruction; %llu instructions in %llu blocks; %.1f bytes of host code for each of guest\n",
                took.count() / static_cast<double>(counters.translated_instructions),
                static_cast<unsigned long long>(counters.translated_instructions),
                static_cast<unsigned long long>(counters.translated_blocks),
                static_cast<double>((*cache)->code_bytes()) / static_cast<double>(code.size()) / rounds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: translation FILE [ROUNDS] [SKIP]\n"), 2;
    return measure(argv[1], argc > 2 ? std::atoi(argv[2]) : 1, argc > 3 ? std::atol(argv[3]) : 0);
}
