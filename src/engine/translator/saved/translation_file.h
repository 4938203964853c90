// A file of translations: what earlier runs of the same guest code made. Read only, and shared by all VMs that use it.
// It holds code that the VM process executes: who can write it is trusted as who can write the program.
//
//   FileHeader | identity | blocks | index: a hash table of IndexSlot, by saved_block_key()
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/translator/saved/saved_block.h"

namespace hospes::translator {

struct FileHeader {
    static constexpr char kMagic[8] = {'H', 'o', 's', 'p', 'T', 'r', '0', '1'};

    char magic[8];
    std::uint64_t size;            // of the file
    std::uint64_t index;           // offset of the table
    std::uint32_t slots;           // of it: a power of two
    std::uint32_t identity_size;   // its bytes follow
    std::uint32_t index_checksum;  // CRC-32C of the table
    std::uint32_t zero;
};

struct IndexSlot {
    std::uint32_t key;
    std::uint32_t place;  // of the block, in units of 8 bytes; 0: empty
};

class TranslationFile {
  public:
    // nullptr: it is none, or was damaged. Error: it cannot be read.
    static Result<std::unique_ptr<TranslationFile>> open(const std::string& path);
    // The same of a file's contents, which outlive it.
    static std::unique_ptr<TranslationFile> read(std::span<const std::uint8_t> bytes);
    ~TranslationFile();
    TranslationFile(const TranslationFile&) = delete;
    TranslationFile& operator=(const TranslationFile&) = delete;

    // What made it: translations are good for the same alone.
    std::string_view identity() const { return identity_; }

    // The block for `mode` at `page_offset` in its page where guest memory holds `bytes`. Damaged ones are not there.
    std::optional<SavedBlock> find(Mode mode, std::uint32_t page_offset, std::span<const std::uint8_t> bytes) const;

  private:
    std::optional<SavedBlock> find_by(std::uint32_t key, Mode mode, std::uint32_t page_offset,
                                      std::span<const std::uint8_t> bytes) const;
    TranslationFile(std::span<const std::uint8_t> bytes, const FileHeader& header);

    std::span<const std::uint8_t> bytes_;
    std::span<const IndexSlot> slots_;
    std::string_view identity_;
    bool mapped_ = false;  // `bytes_`, by us
};

}  // namespace hospes::translator
