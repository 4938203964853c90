// Gathers what the vCPUs of a VM translate, for a file of translations.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/reserved_array.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/translator/saved/saved_block.h"
#include "engine/translator/saved/translation_file.h"

namespace hospes::translator {

class TranslationRecorder {
  public:
    // Makes the file anew, empty: it is none until write() has ended well. Error: it cannot be made.
    static Result<std::unique_ptr<TranslationRecorder>> create(const std::string& path);

    int descriptor() const { return file_.get(); }

    // Adds a block, that will be looked up by `key`, unless it is there or there are too many. Any thread.
    void add(std::uint32_t key, const SavedHeader& header, const SavedBlock& block);

    // What makes the blocks; see TranslationFile::identity().
    void set_identity(std::string identity) { identity_ = std::move(identity); }

    // Writes the file. Errors: disk full.
    Result<void> write();

  private:
    // So that a guest does not fill the host's memory. With the table less than kMostSavedBytes.
    static constexpr std::size_t kMostBytes = 512u << 20;

    TranslationRecorder(UniqueFd file, std::string path, ReservedArray<std::uint8_t> blocks)
        : file_(std::move(file)), path_(std::move(path)), blocks_(std::move(blocks)) {}
    bool holds(std::uint32_t key, const SavedHeader& header, const SavedBlock& block) const;
    std::vector<IndexSlot> index(std::uint64_t first_place) const;

    UniqueFd file_;
    std::string path_;
    std::string identity_;
    std::mutex mutex_;
    ReservedArray<std::uint8_t> blocks_;
    std::size_t size_ = 0;  // of them
    std::vector<std::uint8_t> laid_out_;
    std::unordered_multimap<std::uint32_t, std::size_t> places_;  // by key: offset in `blocks_`
};

}  // namespace hospes::translator
