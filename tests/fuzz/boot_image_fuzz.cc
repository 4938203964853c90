// Hostile kernel files: the parsers of every format, then the loaders, as hospes-vmm would call them.
//
// Promises: what a parser names lies in the file; a loader writes to its places below 1 MiB and above, and nowhere
// else; a kernel that was loaded is entered with a state that an engine takes.
//
// Input: sizes of RAM, initrd and command line, then the file.
#include "fuzz_input.h"
#include "machine/boot/bzimage.h"
#include "machine/boot/elf_image.h"
#include "machine/boot/loader.h"
#include "machine/boot/multiboot.h"

namespace {

using namespace hospes;
using namespace hospes::machine;
using fuzz::FuzzInput;
using fuzz::require;

void require_inside(ByteView part, ByteView file) {
    require(part.data() >= file.data() && part.size() <= file.size());
    require(static_cast<std::uint64_t>(part.data() - file.data()) <= file.size() - part.size());
}

void require_segments(const std::vector<LoadSegment>& segments, ByteView file) {
    require(!segments.empty());
    for (const LoadSegment& segment : segments) {
        require(segment.memory_size != 0 && segment.content.size() <= segment.memory_size);
        require_inside(segment.content, file);
    }
}

// All parsers on every file, whatever it looks like.
void parse_all(ByteView file) {
    if (auto image = parse_bzimage(file); image.ok()) {
        require_inside(image->kernel, file);
        require_inside(image->setup_header, file);
        require(looks_like_bzimage(file) && image->kernel.size() != 0);
    }
    if (auto image = parse_elf(file); image.ok()) require_segments(image->segments, file);
    if (const auto at = find_multiboot_header(file)) {
        if (auto image = parse_multiboot(file, *at); image.ok()) require_segments(image->segments, file);
    }
}

bool is_zero(const memory::GuestRam& ram, Gpa from, Gpa to) {
    for (Gpa at = from; at < to; at += sizeof(std::uint64_t)) {
        std::uint64_t value = 0;
        require(ram.read(at, &value, sizeof value));
        if (value != 0) return false;
    }
    return true;
}

void load(ByteView file, FuzzInput& input) {
    static constexpr std::uint64_t kMebibytes[] = {1, 2, 4, 16};
    auto ram = memory::GuestRam::create(kMebibytes[input.take<std::uint8_t>() % 4] << 20).take();
    const std::vector<std::byte> initrd(input.take<std::uint16_t>() * std::size_t{16});
    BootRequest request{file, ByteView(initrd), std::string(input.take<std::uint16_t>(), 'x'), layout::kFirmwareArea};
    auto state = load_kernel(*ram, request);
    require(is_zero(*ram, 0, layout::kGdt));
    require(is_zero(*ram, layout::kLowUsableEnd, layout::kHighMemory));
    if (!state.ok()) {
        require(!state.error().message().empty());
        return;
    }
    require((state->cr0 & x86::cr0::PE) != 0);
    require(state->segments[x86::CS].present() && state->segments[x86::SS].present());
    require(ram->host(state->gdtr.base, state->gdtr.limit) != nullptr);
    if (state->cr0 & x86::cr0::PG) require(ram->host(state->cr3, kPageSize) != nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kSizes = 5;
    const std::size_t sizes = size < kSizes ? size : kSizes;
    FuzzInput input(data, sizes);
    // In a block of its own, so that a sanitizer sees a read before the file as well as one past it.
    const std::vector<std::byte> copy(reinterpret_cast<const std::byte*>(data) + sizes,
                                      reinterpret_cast<const std::byte*>(data) + size);
    const ByteView file{std::span<const std::byte>(copy)};
    parse_all(file);
    load(file, input);
    return 0;
}
