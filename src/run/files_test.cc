// The files that a VM is started with: what is in them, and that they have no names.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "run/initrd.h"
#include "run/layer.h"

namespace hospes::run {
namespace {

std::string read_all(int fd) {
    struct stat status {};
    ::fstat(fd, &status);
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), status.st_size);
    return text;
}

TEST(Initrd, InitFirstThenTheModules) {
    const UniqueFd modules(::memfd_create("modules", MFD_CLOEXEC));
    const std::string archive = "070701 as if it were an archive";
    ASSERT_GT(::write(modules.get(), archive.data(), archive.size()), 0);
    auto initrd = make_initrd(modules.get(), archive.size());
    ASSERT_TRUE(initrd.ok()) << initrd.error().message();
    const std::string all = read_all(initrd->get());
    EXPECT_TRUE(all.starts_with("07070100000001000081ed"));  // inode 1, a file of mode 0755
    EXPECT_EQ(all.substr(110, 5), std::string("init\0", 5));
    EXPECT_EQ(all.substr(116, 4),
              "\x7f"
              "ELF");
    EXPECT_TRUE(all.ends_with(archive));
    EXPECT_EQ((all.size() - archive.size()) % 4, 0u);
    EXPECT_LT(::write(initrd->get(), "x", 1), 0) << "it is sealed";
}

class LayerTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string folder_ = "/tmp/hospes-layer-XXXXXX";
};

TEST_F(LayerTest, IsASparseFileSystemWithoutAName) {
    auto layer = make_layer(folder_ + "/run", 10ull << 30);
    ASSERT_TRUE(layer.ok()) << layer.error().message();
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/run"));
    struct stat status {};
    ASSERT_EQ(::fstat(layer->get(), &status), 0);
    EXPECT_EQ(status.st_size, 10ll << 30);
    EXPECT_LT(status.st_blocks * 512, 4 << 20);
    std::uint16_t magic = 0;
    ASSERT_EQ(::pread(layer->get(), &magic, 2, 1024 + 56), 2);
    EXPECT_EQ(magic, 0xef53) << "ext4";
    ASSERT_EQ(::stat((folder_ + "/run").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST_F(LayerTest, ErrorsSayWhere) {
    auto layer = make_layer(folder_ + "/no/such", 1 << 20);
    ASSERT_FALSE(layer.ok());
    EXPECT_NE(layer.error().message().find(folder_ + "/no/such"), std::string::npos);
    EXPECT_NE(make_layer(folder_, 1ull << 62).error().message().find("--disk-size"), std::string::npos);
}

}  // namespace
}  // namespace hospes::run
