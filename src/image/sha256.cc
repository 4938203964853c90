#include "image/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace hospes::image {

namespace {

constexpr std::size_t kPiece = 256 * 1024;  // stays in the second-level cache between read and hash

EVP_MD_CTX* context(void* pointer) { return static_cast<EVP_MD_CTX*>(pointer); }

}  // namespace

bool is_digest(std::string_view text) {
    return text.size() == kDigestCharacters &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context(context_), EVP_sha256(), nullptr); }

Sha256::~Sha256() { EVP_MD_CTX_free(context(context_)); }

void Sha256::add(std::span<const char> bytes) { EVP_DigestUpdate(context(context_), bytes.data(), bytes.size()); }

std::string Sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context(context_), raw.data(), &size);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += kDigits[raw[i] >> 4];
        text += kDigits[raw[i] & 15];
    }
    return text;
}

std::string sha256_of(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

Result<FileDigest> sha256_of_file(int fd, const std::string& path) {
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    std::vector<char> piece(kPiece);
    Sha256 hash;
    std::uint64_t offset = 0;
    for (;;) {
        const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error("cannot read " + path + ": " + errno_text(errno));
        if (got == 0) break;
        hash.add(std::span(piece.data(), static_cast<std::size_t>(got)));
        offset += static_cast<std::uint64_t>(got);
    }
    return FileDigest{hash.finish(), offset};
}

}  // namespace hospes::image
