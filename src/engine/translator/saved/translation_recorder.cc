#include "engine/translator/saved/translation_recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace hospes::translator {

namespace {

Result<void> write_all(int file, std::span<const std::uint8_t> bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Error(errno_text(errno));
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        at += static_cast<std::size_t>(written);
    }
    return {};
}

template <typename T>
std::span<const std::uint8_t> bytes_of(std::span<const T> items) {
    return {reinterpret_cast<const std::uint8_t*>(items.data()), items.size_bytes()};
}

}  // namespace

// A file of that name may be mapped by VMs that use it: they keep it, and the name is given to another one.
Result<std::unique_ptr<TranslationRecorder>> TranslationRecorder::create(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) ::unlink(path.c_str());
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644));
    if (!file.valid()) return Error("cannot save translations to " + path + ": " + errno_text(errno));
    auto blocks = HOSPES_TRY(ReservedArray<std::uint8_t>::create(kMostBytes));
    return std::unique_ptr<TranslationRecorder>(new TranslationRecorder(std::move(file), path, std::move(blocks)));
}

bool TranslationRecorder::holds(std::uint32_t key, const SavedHeader& header, const SavedBlock& block) const {
    const auto [first, last] = places_.equal_range(key);
    return std::any_of(first, last, [&](const auto& entry) {
        const auto there = read_saved_block({&blocks_[entry.second], size_ - entry.second});
        return there && there->header->mode == header.mode && there->header->page_offset == header.page_offset &&
               there->guest.size() == block.guest.size() && there->stands_for(block.guest);
    });
}

void TranslationRecorder::add(std::uint32_t key, const SavedHeader& header, const SavedBlock& block) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (holds(key, header, block)) return;
    laid_out_.clear();
    append(laid_out_, header, block);
    if (size_ + laid_out_.size() > kMostBytes) return;
    std::memcpy(&blocks_[size_], laid_out_.data(), laid_out_.size());
    places_.emplace(key, size_);
    size_ += laid_out_.size();
}

std::vector<IndexSlot> TranslationRecorder::index(std::uint64_t first_place) const {
    std::vector<IndexSlot> slots(std::bit_ceil(places_.size() * 2 + 1));
    for (const auto& [key, offset] : places_) {
        std::size_t at = key;
        while (slots[at % slots.size()].place != 0) ++at;
        slots[at % slots.size()] = {key, static_cast<std::uint32_t>((first_place + offset) / 8)};
    }
    return slots;
}

// The header last: without it the file is none.
Result<void> TranslationRecorder::write() {
    const std::lock_guard<std::mutex> guard(mutex_);
    const std::uint64_t first = (sizeof(FileHeader) + identity_.size() + 7) & ~7u;
    const std::vector<IndexSlot> slots = index(first);
    const auto table = bytes_of(std::span<const IndexSlot>(slots));
    FileHeader header{};
    std::memcpy(header.magic, FileHeader::kMagic, sizeof header.magic);
    header.index = first + size_;
    header.size = header.index + table.size();
    header.slots = static_cast<std::uint32_t>(slots.size());
    header.identity_size = static_cast<std::uint32_t>(identity_.size());
    header.index_checksum = checksum_of(table);
    const std::span identity(reinterpret_cast<const std::uint8_t*>(identity_.data()), identity_.size());
    const auto written = [&]() -> Result<void> {
        HOSPES_TRY(write_all(file_.get(), identity, sizeof header));
        HOSPES_TRY(write_all(file_.get(), {&blocks_[0], size_}, first));
        HOSPES_TRY(write_all(file_.get(), table, header.index));
        return write_all(file_.get(), bytes_of(std::span<const FileHeader>(&header, 1)), 0);
    }();
    if (!written.ok()) return Error("cannot save translations to " + path_ + ": " + written.error().message());
    return {};
}

}  // namespace hospes::translator
