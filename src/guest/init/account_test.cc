#include "guest/init/account.h"

#include <gtest/gtest.h>

namespace hospes::guest {
namespace {

const std::string kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "short:x:7\n"
    "web:x:1000:1001::/home/web:/bin/sh\n"
    "wrong:x:many:1::/:\n"
    "42:x:1042:1::/named:/bin/sh\n"
    "homeless:x:1002:1::";  // no end of line
const std::string kGroup = "root:x:0:\nwww:x:1001:root\nextra:x:1003:other,web\nalso:x:1004:web\n";

TEST(Account, Names) {
    auto web = find_account("web", kPasswd, kGroup);
    ASSERT_TRUE(web.ok());
    EXPECT_EQ(web->user, 1000u);
    EXPECT_EQ(web->group, 1001u);
    EXPECT_EQ(web->groups, (std::vector<gid_t>{1003, 1004}));
    EXPECT_EQ(web->name + web->home, "web/home/web");
    EXPECT_EQ(find_account("homeless", kPasswd, kGroup)->home, "/");
}

TEST(Account, NothingIsRoot) {
    auto root = find_account("", kPasswd, kGroup);
    EXPECT_EQ(root->user, 0u);
    EXPECT_EQ(root->home, "/root");
    EXPECT_EQ(root->groups, std::vector<gid_t>{1001});
    auto bare = find_account("", "", "");
    ASSERT_TRUE(bare.ok());
    EXPECT_EQ(bare->name + bare->home, "root/");
}

TEST(Account, Numbers) {
    EXPECT_EQ(find_account("1000", kPasswd, kGroup)->name, "web");
    EXPECT_EQ(find_account("42", kPasswd, kGroup)->user, 1042u) << "a name that looks like a number";
    auto unknown = find_account("5000", kPasswd, kGroup);
    ASSERT_TRUE(unknown.ok());
    EXPECT_EQ(unknown->user, 5000u);
    EXPECT_EQ(unknown->group, 0u);
    EXPECT_EQ(unknown->name + unknown->home, "5000/");
}

TEST(Account, NamedGroupIsTheOnlyOne) {
    auto account = find_account("web:extra", kPasswd, kGroup);
    EXPECT_EQ(account->group, 1003u);
    EXPECT_TRUE(account->groups.empty());
    EXPECT_EQ(find_account("1:77", kPasswd, kGroup)->group, 77u);
}

TEST(Account, UnknownOnes) {
    for (const char* text :
         {"nobody", "wrong", "short", "-1", "4294967295", "99999999999", ":", "web:", "web:none", "we"}) {
        auto account = find_account(text, kPasswd, kGroup);
        EXPECT_FALSE(account.ok()) << text;
    }
}

TEST(Account, EnvironmentKeepsWhatIsGiven) {
    Account account;
    account.name = "web";
    account.home = "/home/web";
    const auto environment = environment_of(account, {"PATH=/bin", "HOMER=x", "USER="});
    EXPECT_EQ(environment,
              (std::vector<std::string>{"PATH=/bin", "HOMER=x", "USER=", "HOME=/home/web", "LOGNAME=web"}));
}

}  // namespace
}  // namespace hospes::guest
