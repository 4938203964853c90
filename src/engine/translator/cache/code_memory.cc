#include "engine/translator/cache/code_memory.h"

#include <sys/mman.h>

#include <cerrno>

namespace hospes::translator {

namespace {

constexpr int kCollapse = 25;  // MADV_COLLAPSE, which Debian 12's headers do not know; Linux 6.1

// Address space of `size` bytes, aligned as huge pages are; nullptr: there is none.
std::uint8_t* reserve_aligned(std::size_t size, std::size_t alignment) {
    void* space = ::mmap(nullptr, size + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return nullptr;
    auto* begin = static_cast<std::uint8_t*>(space);
    const std::size_t before = (0 - reinterpret_cast<std::uintptr_t>(begin)) & (alignment - 1);
    if (before != 0) ::munmap(begin, before);
    ::munmap(begin + before + size, alignment - before);
    return begin + before;
}

// Shared anonymous memory rather than a memfd: profilers read perf's map of generated code for such mappings only.
bool map_shared(std::uint8_t* at, std::size_t size) {
    constexpr int kFlags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    return ::mmap(at, size, PROT_READ | PROT_WRITE, kFlags, -1, 0) != MAP_FAILED;
}

// A second mapping of the pages at `of`: that is what length 0 asks for.
bool map_again(std::uint8_t* of, std::uint8_t* at, std::size_t size) {
    return ::mremap(of, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) != MAP_FAILED &&
           ::mprotect(at, size, PROT_READ | PROT_EXEC) == 0;
}

}  // namespace

Result<std::unique_ptr<CodeMemory>> CodeMemory::create(std::size_t size) {
    std::uint8_t* writable = reserve_aligned(size, kHugePage);
    std::uint8_t* executable = reserve_aligned(size, kHugePage);
    std::unique_ptr<CodeMemory> memory(new CodeMemory(writable, executable, size));
    if (writable == nullptr || executable == nullptr || !map_shared(writable, size)) {
        return Error("cannot map the code cache: " + errno_text(errno));
    }
    if (!map_again(writable, executable, size)) {
        return Error("cannot map the code cache executable: " + errno_text(errno) +
                     "; does a security module forbid executable memory?");
    }
    ::madvise(writable, size, MADV_HUGEPAGE);  // a wish
    ::madvise(executable, size, MADV_HUGEPAGE);
    return memory;
}

void CodeMemory::use_huge_page(std::size_t offset) {
    constexpr std::size_t kEnough = 256 << 10;
    const std::size_t page = offset / kHugePage;
    if (offset % kHugePage < kEnough || page >= huge_.size() || huge_[page]) return;
    huge_[page] = true;
    // Most hosts forbid huge pages of shared memory unless they are asked for in this way.
    if (::madvise(writable_ + page * kHugePage, kHugePage, kCollapse) == 0) {
        ::madvise(executable_ + page * kHugePage, kHugePage, kCollapse);
    }
}

// Of shared pages, MADV_DONTNEED would let go of this process's mapping only.
void CodeMemory::clear() {
    ::madvise(writable_, size_, MADV_REMOVE);
    huge_.assign(huge_.size(), false);
}

CodeMemory::~CodeMemory() {
    for (std::uint8_t* mapping : {writable_, executable_}) {
        if (mapping != nullptr) ::munmap(mapping, size_);
    }
}

}  // namespace hospes::translator
