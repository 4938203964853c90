#include "engine/translator/saved/translation_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace hospes::translator {

namespace {

// Slots that one block is looked for in: the table is half empty.
constexpr unsigned kMostProbes = 64;

bool is_sound(const FileHeader& header, std::uint64_t size) {
    return std::memcmp(header.magic, FileHeader::kMagic, sizeof header.magic) == 0 && header.size == size &&
           header.identity_size <= size - sizeof header && header.index % 8 == 0 && header.index <= size &&
           std::has_single_bit(header.slots) && header.slots == (size - header.index) / sizeof(IndexSlot);
}

}  // namespace

TranslationFile::TranslationFile(std::span<const std::uint8_t> bytes, const FileHeader& header)
    : bytes_(bytes),
      slots_(reinterpret_cast<const IndexSlot*>(bytes.data() + header.index), header.slots),
      identity_(reinterpret_cast<const char*>(bytes.data() + sizeof header), header.identity_size) {}

std::unique_ptr<TranslationFile> TranslationFile::read(std::span<const std::uint8_t> bytes) {
    FileHeader header;
    if (bytes.size() < sizeof header) return nullptr;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (!is_sound(header, bytes.size())) return nullptr;
    if (checksum_of(bytes.subspan(header.index)) != header.index_checksum) return nullptr;
    return std::unique_ptr<TranslationFile>(new TranslationFile(bytes, header));
}

Result<std::unique_ptr<TranslationFile>> TranslationFile::open(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0) {
        return Error("cannot read translations from " + path + ": " + errno_text(errno));
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size == 0) return std::unique_ptr<TranslationFile>();
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapped == MAP_FAILED) return Error("cannot map translations from " + path + ": " + errno_text(errno));
    auto found = read({static_cast<const std::uint8_t*>(mapped), size});
    if (found == nullptr) {
        ::munmap(mapped, size);
    } else {
        found->mapped_ = true;
    }
    return found;
}

TranslationFile::~TranslationFile() {
    if (mapped_) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

std::optional<SavedBlock> TranslationFile::find(Mode mode, std::uint32_t page_offset,
                                                std::span<const std::uint8_t> bytes) const {
    const auto found = find_by(saved_block_key(mode, page_offset, bytes), mode, page_offset, bytes);
    if (found || mode.user()) return found;
    return find_by(saved_block_key(mode, page_offset, {}), mode, page_offset, bytes);
}

std::optional<SavedBlock> TranslationFile::find_by(std::uint32_t key, Mode mode, std::uint32_t page_offset,
                                                   std::span<const std::uint8_t> bytes) const {
    for (unsigned probe = 0; probe < kMostProbes; ++probe) {
        const IndexSlot& slot = slots_[(key + probe) & (slots_.size() - 1)];
        if (slot.place == 0) return {};
        const std::uint64_t place = std::uint64_t{slot.place} * 8;
        if (slot.key != key || place >= bytes_.size()) continue;
        const auto* header = reinterpret_cast<const SavedHeader*>(bytes_.data() + place);
        if (bytes_.size() - place < sizeof *header || header->mode != mode.bits || header->page_offset != page_offset) {
            continue;
        }
        const std::optional<SavedBlock> block = read_saved_block(bytes_.subspan(place));
        if (block && block->stands_for(bytes)) return block;
    }
    return {};
}

}  // namespace hospes::translator
