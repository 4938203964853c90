// A store in a folder of its own, with images of a few bytes. For unit tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "image/commit.h"
#include "image/entry.h"
#include "image/files.h"
#include "image/store.h"
#include "image/work_folder.h"

namespace hospes::image {

class TestStore : public testing::Test {
  protected:
    void SetUp() override {
        char folder[] = "/tmp/hospes-store-XXXXXX";
        ASSERT_NE(::mkdtemp(folder), nullptr);
        layout_.folder = folder;
        ASSERT_TRUE(Store::open(folder).ok());
    }
    void TearDown() override { std::filesystem::remove_all(layout_.folder); }

    Store store() { return Store::open(layout_.folder).take(); }

    // Commits an image whose kernel files hold `kernel` and whose userland holds `base`.
    void add(const std::string& name, const std::string& kernel, const std::string& base) {
        const WorkFolder work = make_work_folder(layout_).take();
        std::vector<NewBlob> blobs;
        for (const std::string& content : {kernel, kernel + " boot", kernel + " modules", base}) {
            const std::string path = work.path + "/" + std::to_string(blobs.size());
            ASSERT_TRUE(write_new(path, content).ok());
            blobs.push_back(seal(path).take());
        }
        Manifest manifest;
        manifest.name = name;
        manifest.kernel_release = "6.1";
        manifest.kernel_package = kernel;
        manifest.kernel = blobs[0].part;
        manifest.boot_modules = blobs[1].part;
        manifest.modules = blobs[2].part;
        manifest.base = blobs[3].part;
        const auto done = commit(layout_, manifest, blobs, work.path);
        ASSERT_TRUE(done.ok()) << done.error().message();
        ASSERT_TRUE(remove_tree(work.path).ok());
    }

    std::size_t blob_count() { return names_in(layout_.blobs())->size(); }

    static void overwrite(const std::string& path, const std::string& content) {
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        std::ofstream(path, std::ios::trunc) << content;
    }

    Layout layout_;
};

}  // namespace hospes::image
