#include "machine/boot/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace hospes::machine {

namespace {

constexpr std::uint32_t kPhys32Entry = 18;  // XEN_ELFNOTE_PHYS32_ENTRY
constexpr unsigned kMostSegments = 64;

Error truncated() { return Error("the ELF file ends before its segments do: it is truncated; get it anew"); }

// Notes: name size, descriptor size, type, name, descriptor, the last two padded to four bytes. (A Linux kernel's notes
// are a 4-byte affair even in 64-bit files.)
std::optional<std::uint32_t> find_pvh_entry(ByteView notes) {
    std::uint64_t at = 0;
    while (const auto header = notes.get<Elf32_Nhdr>(at)) {
        const std::uint64_t name_at = at + sizeof *header;
        const std::uint64_t content_at = name_at + ((std::uint64_t{header->n_namesz} + 3) & ~3ull);
        const std::uint64_t end = content_at + ((std::uint64_t{header->n_descsz} + 3) & ~3ull);
        const auto name = notes.part(name_at, 4);
        if (header->n_type == kPhys32Entry && header->n_namesz == 4 && name &&
            std::memcmp(name->data(), "Xen", 4) == 0) {
            return notes.get<std::uint32_t>(content_at);
        }
        at = end;
    }
    return std::nullopt;
}

template <typename Header, typename Program>
Result<ElfImage> parse(ByteView file) {
    const auto header = file.get<Header>(0);
    if (!header) return truncated();
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        return Error("this ELF file is not an executable; name a kernel");
    }
    if (header->e_phentsize != sizeof(Program) || header->e_phnum == 0) {
        return Error("this ELF file has no program headers; name a kernel");
    }
    ElfImage image{};
    image.is_64_bit = sizeof(Header) == sizeof(Elf64_Ehdr);
    image.entry = header->e_entry;
    for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
        // e_phoff may be anything: the sum is taken only if it cannot wrap.
        if (header->e_phoff > file.size()) return truncated();
        const auto program = file.get<Program>(header->e_phoff + i * sizeof(Program));
        if (!program) return truncated();
        if (program->p_type != PT_LOAD && program->p_type != PT_NOTE) continue;
        const auto content = file.part(program->p_offset, program->p_filesz);
        if (!content) return truncated();
        if (program->p_type == PT_NOTE) {
            if (const auto entry = find_pvh_entry(*content)) image.pvh_entry = entry;
            continue;
        }
        if (program->p_memsz < program->p_filesz || image.segments.size() == kMostSegments) {
            return Error("the ELF file's segments contradict themselves: it is damaged; get it anew");
        }
        if (program->p_memsz != 0) image.segments.push_back({program->p_paddr, *content, program->p_memsz});
    }
    if (image.segments.empty()) return Error("this ELF file has nothing to load; name a kernel");
    return image;
}

std::string machine_name(std::uint16_t machine) {
    switch (machine) {
        case EM_AARCH64: return "64-bit ARM";
        case EM_ARM: return "32-bit ARM";
        case EM_RISCV: return "RISC-V";
        case EM_PPC64: return "64-bit PowerPC";
        case EM_S390: return "IBM Z";
        case EM_MIPS: return "MIPS";
        default: return "machine type " + std::to_string(machine);
    }
}

}  // namespace

bool looks_like_elf(ByteView file) { return file.holds(0, SELFMAG) && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0; }

Result<ElfImage> parse_elf(ByteView file) {
    if (!file.holds(0, sizeof(Elf32_Ehdr))) return truncated();
    const auto* identification = reinterpret_cast<const unsigned char*>(file.data());
    const auto machine = *file.get<std::uint16_t>(offsetof(Elf32_Ehdr, e_machine));
    if (identification[EI_DATA] != ELFDATA2LSB || (machine != EM_X86_64 && machine != EM_386)) {
        return Error("this ELF file is for another processor (" + machine_name(machine) + "); use an x86-64 kernel");
    }
    return identification[EI_CLASS] == ELFCLASS64 ? parse<Elf64_Ehdr, Elf64_Phdr>(file)
                                                  : parse<Elf32_Ehdr, Elf32_Phdr>(file);
}

}  // namespace hospes::machine
