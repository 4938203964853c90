#include "doctor/cgroup_files.h"

#include <gtest/gtest.h>

namespace hospes::doctor {
namespace {

TEST(CgroupFiles, FindsTheUnifiedGroup) {
    EXPECT_EQ(unified_group("0::/user.slice/a.scope\n"), "/user.slice/a.scope");
    EXPECT_EQ(unified_group("9:name=systemd:/x\n4:memory:/y\n0::/\n"), "/");
    EXPECT_EQ(unified_group("4:memory:/y\n"), std::nullopt);
    EXPECT_EQ(unified_group(""), std::nullopt);
}

TEST(CgroupFiles, TellsVersion1) {
    EXPECT_TRUE(has_version_1("4:memory:/y\n0::/\n"));
    EXPECT_TRUE(has_version_1("2:cpu,cpuacct:/y\n"));
    EXPECT_FALSE(has_version_1("2:cpuset:/y\n1:name=systemd:/\n0::/memory:cpu\n"));
}

TEST(CgroupFiles, FindsTheMount) {
    const auto mount = unified_mount(
        "25 30 0:23 / /sys rw - sysfs sysfs rw\n"
        "35 24 0:30 /a\\040b /mnt/c\\040d rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
    ASSERT_TRUE(mount.has_value());
    EXPECT_EQ(mount->root, "/a b");
    EXPECT_EQ(mount->where, "/mnt/c d");
    EXPECT_FALSE(unified_mount("35 24 0:30 / /x rw - cgroup cgroup rw\nnonsense\n").has_value());
}

TEST(CgroupFiles, FindsTheFolder) {
    const CgroupMount whole{"/", "/sys/fs/cgroup"};
    EXPECT_EQ(folder_of_group(whole, "/"), "/sys/fs/cgroup");
    EXPECT_EQ(folder_of_group(whole, "/a/b"), "/sys/fs/cgroup/a/b");
    EXPECT_EQ(folder_of_group(whole, "/../b"), std::nullopt);
    const CgroupMount part{"/a", "/c"};
    EXPECT_EQ(folder_of_group(part, "/a"), "/c");
    EXPECT_EQ(folder_of_group(part, "/a/b"), "/c/b");
    EXPECT_EQ(folder_of_group(part, "/ab"), std::nullopt);
}

TEST(CgroupFiles, ReadsLimits) {
    EXPECT_EQ(memory_limit("max\n"), std::nullopt);
    EXPECT_EQ(memory_limit("536870912\n"), 536870912u);
    EXPECT_EQ(memory_limit(""), std::nullopt);
    EXPECT_EQ(cpu_limit("max 100000\n"), std::nullopt);
    EXPECT_EQ(cpu_limit("150000 100000\n"), 1.5);
    EXPECT_EQ(cpu_limit("1 0\n"), std::nullopt);
    EXPECT_EQ(cpu_limit("100000"), std::nullopt);
}

}  // namespace
}  // namespace hospes::doctor
