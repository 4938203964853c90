#include "image/store.h"

#include "image/test_store.h"

namespace hospes::image {
namespace {

// What one blob is for a shared kernel: three files, and a manifest and a base for each image.
constexpr std::size_t kPack = 3;
constexpr std::size_t kOwn = 2;

TEST_F(TestStore, FindsWhatWasCommitted) {
    add("micro", "kernel", "busybox");
    auto image = store().find("micro").take();
    ASSERT_TRUE(image.has_value());
    EXPECT_EQ(image->name, "micro");
    EXPECT_EQ(image->base.bytes, sizeof "busybox" - 1);
    for (const File* file : {&image->kernel, &image->boot_modules, &image->modules, &image->base}) {
        EXPECT_TRUE(Store::verify(*file).ok());
    }
}

TEST_F(TestStore, NothingThereIsNoError) {
    const auto image = store().find("debian");
    ASSERT_TRUE(image.ok());
    EXPECT_FALSE(image.value().has_value());
    EXPECT_FALSE(store().find("../debian").ok());
}

TEST_F(TestStore, ImagesShareAKernel) {
    add("micro", "kernel", "busybox");
    add("debian:12", "kernel", "bash");
    EXPECT_EQ(blob_count(), kPack + 2 * kOwn);
    ASSERT_TRUE(store().remove("micro").ok());
    EXPECT_EQ(blob_count(), kPack + kOwn);
    ASSERT_TRUE(store().remove("debian").ok());
    EXPECT_EQ(blob_count(), 0u);
}

TEST_F(TestStore, ANewBuildTakesTheNameOver) {
    add("micro", "kernel", "busybox 1");
    add("micro", "kernel", "busybox 2");
    EXPECT_EQ(blob_count(), kPack + kOwn);
    EXPECT_EQ(store().find("micro").take()->base.digest, seal(store().find("micro").take()->base.path)->part.digest);
}

TEST_F(TestStore, WhatIsInUseStays) {
    add("micro", "kernel", "busybox");
    {
        auto image = store().find("micro").take();
        ASSERT_TRUE(store().remove("micro").ok());
        EXPECT_EQ(::access(image->base.path.c_str(), F_OK), 0);
        EXPECT_TRUE(Store::verify(image->base).ok());
        EXPECT_FALSE(store().find("micro").take().has_value());
    }
    add("debian:12", "other kernel", "bash");  // which collects
    EXPECT_EQ(blob_count(), kPack + kOwn);
}

TEST_F(TestStore, RemovingWhatIsNotThereIsAnError) {
    const auto removed = store().remove("micro");
    ASSERT_FALSE(removed.ok());
    EXPECT_NE(removed.error().message().find("hospes image ls"), std::string::npos);
}

TEST_F(TestStore, VerifySeesOneBit) {
    add("micro", "kernel", "busybox");
    auto image = store().find("micro").take();
    overwrite(image->base.path, "busybux");
    const auto verified = Store::verify(image->base);
    ASSERT_FALSE(verified.ok());
    EXPECT_NE(verified.error().message().find("hospes image build --force micro"), std::string::npos);
}

// Each way in which find() must refuse, and after which rm and a new build must do.
class Damage : public TestStore {
  protected:
    void expect_refused() {
        const auto image = store().find("micro");
        ASSERT_FALSE(image.ok());
        EXPECT_NE(image.error().message().find("hospes image build --force micro"), std::string::npos)
            << image.error().message();
        auto list = store().list().take();
        ASSERT_EQ(list.size(), 1u);
        EXPECT_EQ(list[0].damage, image.error().message());
        add("micro", "kernel", "busybox");
        EXPECT_TRUE(store().find("micro").ok());
    }
};

TEST_F(Damage, ShortFile) {
    add("micro", "kernel", "busybox");
    overwrite(store().find("micro").take()->base.path, "busy");
    expect_refused();
}

TEST_F(Damage, MissingFile) {
    add("micro", "kernel", "busybox");
    std::filesystem::remove(store().find("micro").take()->kernel.path);
    expect_refused();
}

TEST_F(Damage, ManifestChanged) {
    add("micro", "kernel", "busybox");
    overwrite(layout_.blob(store().find("micro").take()->digest), "{}");
    expect_refused();
}

TEST_F(Damage, ManifestMissing) {
    add("micro", "kernel", "busybox");
    std::filesystem::remove(layout_.blob(store().find("micro").take()->digest));
    expect_refused();
}

TEST_F(Damage, RefIsNoDigest) {
    overwrite((write_new(layout_.ref("micro"), "x").take(), layout_.ref("micro")), "../../etc/passwd");
    expect_refused();
}

TEST_F(Damage, RefIsAnothersManifest) {
    add("debian:12", "kernel", "bash");
    std::filesystem::rename(layout_.ref("debian:12"), layout_.ref("micro"));
    expect_refused();
}

TEST_F(TestStore, DamagedCanBeRemoved) {
    add("micro", "kernel", "busybox");
    add("debian:12", "kernel", "bash");
    overwrite(layout_.ref("micro"), "nonsense");
    ASSERT_TRUE(store().remove("micro").ok());
    EXPECT_EQ(blob_count(), kPack + kOwn);
}

TEST_F(TestStore, NothingIsCollectedWhileAManifestCannotBeRead) {
    add("micro", "kernel", "busybox");
    add("debian:12", "other kernel", "bash");
    overwrite(layout_.ref("micro"), "of a later version");
    ASSERT_TRUE(store().remove("debian:12").ok());
    EXPECT_EQ(blob_count(), 2 * (kPack + kOwn));
}

TEST_F(TestStore, AbandonedWorkIsReaped) {
    const std::string path = make_work_folder(layout_).take().path;  // its lock ends here
    ASSERT_TRUE(write_new(path + "/half-done", "x").ok());
    const WorkFolder alive = make_work_folder(layout_).take();
    ASSERT_TRUE(Store::open(layout_.folder).ok());
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
    EXPECT_EQ(::access(alive.path.c_str(), F_OK), 0);
}

TEST_F(TestStore, WhatAnAbandonedBuildHadPutIntoTheStoreIsCollected) {
    ASSERT_TRUE(write_new(layout_.blob(std::string(64, 'a')), "never named").ok());
    const std::string abandoned = make_work_folder(layout_).take().path;
    ASSERT_TRUE(Store::open(layout_.folder).ok());
    EXPECT_EQ(blob_count(), 0u);
}

}  // namespace
}  // namespace hospes::image
