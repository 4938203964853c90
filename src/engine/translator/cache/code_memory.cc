#include "engine/translator/cache/code_memory.h"

#include <sys/mman.h>

#include <cerrno>
namespace hospes::translator {

// Shared anonymous memory rather than a memfd: profilers read perf's map of generated code for such mappings only.
Result<std::unique_ptr<CodeMemory>> CodeMemory::create(std::size_t size) {
    void* writable = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (writable == MAP_FAILED) return Error("cannot map the code cache: " + errno_text(errno));
    void* executable = ::mremap(writable, 0, size, MREMAP_MAYMOVE);  // length 0: a second mapping of the same pages
    if (executable == MAP_FAILED || ::mprotect(executable, size, PROT_READ | PROT_EXEC) != 0) {
        const Error error("cannot map the code cache executable: " + errno_text(errno) +
                          "; does a security module forbid executable memory?");
        if (executable != MAP_FAILED) ::munmap(executable, size);
        ::munmap(writable, size);
        return error;
    }
    ::madvise(writable, size, MADV_HUGEPAGE);  // a wish
    ::madvise(executable, size, MADV_HUGEPAGE);
    return std::unique_ptr<CodeMemory>(
        new CodeMemory(static_cast<std::uint8_t*>(writable), static_cast<std::uint8_t*>(executable), size));
}

// Of shared pages, MADV_DONTNEED would let go of this process's mapping only.
void CodeMemory::clear() { ::madvise(writable_, size_, MADV_REMOVE); }

CodeMemory::~CodeMemory() {
    ::munmap(writable_, size_);
    ::munmap(executable_, size_);
}

}  // namespace hospes::translator
