// SHA-256, the name of every file in the store.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hospes::image {

inline constexpr std::size_t kDigestCharacters = 64;

// Whether `text` is a digest as this project writes them: 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void add(std::span<const char> bytes);
    // The digest of all that was added. Ends the use of this object.
    std::string finish();

  private:
    void* context_;
};

std::string sha256_of(std::string_view bytes);

struct FileDigest {
    std::string digest;
    std::uint64_t bytes = 0;
};

// Reads the whole file behind `fd`, from its start, without moving its offset. `path` is for the error text.
Result<FileDigest> sha256_of_file(int fd, const std::string& path);

}  // namespace hospes::image
