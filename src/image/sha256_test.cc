#include "image/sha256.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace hospes::image {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, KnownAnswers) {
    EXPECT_EQ(sha256_of("abc"), kOfAbc);
    EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesMakeTheWhole) {
    const std::string text(1'000'003, 'x');
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += 1000) {
        hash.add(std::span(text).subspan(at, std::min<std::size_t>(1000, text.size() - at)));
    }
    EXPECT_EQ(hash.finish(), sha256_of(text));
}

TEST(Sha256, FileIsReadFromItsStartWhereverItsOffset) {
    const UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
    const std::string text(700'000, 'y');
    ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    auto found = sha256_of_file(file.get(), "test");
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->digest, sha256_of(text));
    EXPECT_EQ(found->bytes, text.size());
}

TEST(Sha256, WhatADigestIs) {
    EXPECT_TRUE(is_digest(kOfAbc));
    EXPECT_FALSE(is_digest("abc"));
    EXPECT_FALSE(is_digest(std::string(64, 'g')));
    EXPECT_FALSE(is_digest(std::string(63, 'a') + "/"));
}

}  // namespace
}  // namespace hospes::image
