// Whom the command runs as, from the image's /etc/passwd and /etc/group.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace hospes::guest {

struct Account {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;  // supplementary ones
    std::string name = "root";
    std::string home = "/";
};

// `text` is NAME, UID, NAME:GROUP or UID:GID, or empty for root; `passwd` and `group` are the contents of those files.
// A number needs no entry. Supplementary groups are those that list the user, unless a group was named. Errors: no such
// user or group.
Result<Account> find_account(const std::string& text, const std::string& passwd, const std::string& group);

// What every command has in its environment: `given`, and HOME, PATH, USER and LOGNAME where it lacks them.
std::vector<std::string> environment_of(const Account& account, const std::vector<std::string>& given);

}  // namespace hospes::guest
