#include "image/build/cpio.h"

#include <gtest/gtest.h>

namespace hospes::image {
namespace {

TEST(Cpio, NewcByteByByte) {
    Cpio archive;
    archive.add_folder("lib");
    archive.add_file("lib/order", "abc");
    const std::string expected =
        "070701"
        "00000001"
        "000041ed"
        "00000000"
        "00000000"
        "00000001"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "00000004"
        "00000000" +
        std::string("lib\0\0\0", 6) +
        "070701"
        "00000002"
        "000081a4"
        "00000000"
        "00000000"
        "00000001"
        "00000000"
        "00000003"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "0000000a"
        "00000000" +
        std::string("lib/order\0", 10) + std::string("abc\0", 4) +
        "070701"
        "00000003"
        "00000000"
        "00000000"
        "00000000"
        "00000001"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "00000000"
        "0000000b"
        "00000000" +
        std::string("TRAILER!!!\0\0\0\0", 14);
    EXPECT_EQ(archive.finish(), expected);
}

}  // namespace
}  // namespace hospes::image
