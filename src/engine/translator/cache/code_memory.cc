#include "engine/translator/cache/code_memory.h"

#include <sys/mman.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace hospes::translator {

Result<std::unique_ptr<CodeMemory>> CodeMemory::create(std::size_t size) {
    const UniqueFd fd(::memfd_create("hospes-code", MFD_CLOEXEC));
    if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        return Error("cannot create the code cache (memfd): " + errno_text(errno));
    }
    void* writable = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (writable == MAP_FAILED) return Error("cannot map the code cache: " + errno_text(errno));
    void* executable = ::mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd.get(), 0);
    if (executable == MAP_FAILED) {
        ::munmap(writable, size);
        return Error("cannot map the code cache executable: " + errno_text(errno) +
                     "; does a security module forbid executable memory?");
    }
    ::madvise(writable, size, MADV_HUGEPAGE);  // a wish
    return std::unique_ptr<CodeMemory>(
        new CodeMemory(static_cast<std::uint8_t*>(writable), static_cast<std::uint8_t*>(executable), size));
}

CodeMemory::~CodeMemory() {
    ::munmap(writable_, size_);
    ::munmap(executable_, size_);
}

}  // namespace hospes::translator
