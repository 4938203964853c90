#include "engine/translator/runtime/identity.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <string_view>

#include <Zydis/Zydis.h>

namespace hospes::translator {

namespace {

std::string_view build_id_in(const char* notes, std::size_t size) {
    const auto padded = [](std::size_t length) { return (length + 3) & ~std::size_t{3}; };
    for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= size;) {
        ElfW(Nhdr) note;
        std::memcpy(&note, notes + at, sizeof note);
        const char* const name = notes + at + sizeof note;
        const char* const contents = name + padded(note.n_namesz);
        if (note.n_type == NT_GNU_BUILD_ID && std::string_view(name, note.n_namesz) == std::string_view("GNU\0", 4)) {
            return {contents, note.n_descsz};
        }
        at += sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    }
    return {};
}

// Of the program, which comes first.
int find_build_id(dl_phdr_info* program, std::size_t, void* to) {
    auto& found = *static_cast<std::string_view*>(to);
    for (unsigned i = 0; i < program->dlpi_phnum && found.empty(); ++i) {
        const ElfW(Phdr)& header = program->dlpi_phdr[i];
        if (header.p_type != PT_NOTE) continue;
        found = build_id_in(reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr), header.p_memsz);
    }
    return 1;
}

}  // namespace

std::string identity_of(const EngineOptions& options, const x86::CpuidModel& model) {
    std::string_view build;
    ::dl_iterate_phdr(find_build_id, &build);
    if (build.empty()) return {};
    std::string identity(build);
    identity += " Zydis " + std::to_string(ZydisGetVersion());  // a library beside the program
    for (unsigned feature = 0; feature < static_cast<unsigned>(x86::Feature::kCount); ++feature) {
        identity += model.has(static_cast<x86::Feature>(feature)) ? '+' : '-';
    }
    identity += " limit " + std::to_string(options.block_limit) + " without " + std::to_string(options.without);
    return identity + " broken " + std::to_string(static_cast<unsigned>(options.breakage));
}

}  // namespace hospes::translator
