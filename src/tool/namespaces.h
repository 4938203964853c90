// Command prefixes that run a tool in namespaces of its own, so that its mounts end with it.
#pragma once

#include <string>
#include <vector>

namespace hospes::tool {

// Root of a user namespace that has the user's subordinate ids (unshare, newuidmap, /etc/subuid); its uid 0 is the
// user.
inline std::vector<std::string> user_namespace_prefix() {
    return {"unshare", "--map-root-user", "--map-auto", "--setgroups",  "allow",
            "--mount", "--pid",           "--fork",     "--kill-child", "--"};
}

// For root: its mounts are its own.
inline std::vector<std::string> mount_namespace_prefix() {
    return {"unshare", "--mount", "--pid", "--fork", "--kill-child", "--"};
}

}  // namespace hospes::tool
