#include "guest/init/account.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace hospes::guest {

namespace {

constexpr std::size_t kMaxGroups = 65536;  // Linux takes no more
constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Fields = std::vector<std::string_view>;

Fields split(std::string_view text, char separator) {
    Fields parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

// Calls `use` with the fields of each line that has at least `least`, until it returns true.
template <typename Use>
bool any_line(std::string_view file, std::size_t least, Use use) {
    while (!file.empty()) {
        const std::size_t end = std::min(file.find('\n'), file.size() - 1);
        const Fields fields = split(file.substr(0, file[end] == '\n' ? end : end + 1), ':');
        if (fields.size() >= least && use(fields)) return true;
        file.remove_prefix(end + 1);
    }
    return false;
}

// A user's or group's number. The last one means "none" to the kernel.
std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end || value == ~0u) return std::nullopt;
    return value;
}

bool take_user(const Fields& fields, Account& account) {
    const auto user = number_of(fields[2]), group = number_of(fields[3]);
    if (!user || !group) return false;
    account.user = *user;
    account.group = *group;
    account.name = fields[0];
    account.home = fields[5].empty() ? "/" : fields[5];
    return true;
}

// By name first: there are names that look like numbers.
Result<Account> find_user(const std::string& text, const std::string& passwd) {
    constexpr std::size_t kFields = 6;
    Account account;
    const auto named = [&](const Fields& fields) { return fields[0] == text && take_user(fields, account); };
    if (any_line(passwd, kFields, named)) return account;
    const auto number = number_of(text);
    if (!number) return Error("the image's /etc/passwd has no user \"" + text + "\"");
    const auto numbered = [&](const Fields& fields) {
        return number_of(fields[2]) == number && take_user(fields, account);
    };
    if (any_line(passwd, kFields, numbered)) return account;
    account.user = *number;
    if (*number != 0) account.name = text;
    return account;
}

Result<gid_t> find_group(const std::string& text, const std::string& group) {
    std::optional<gid_t> number;
    const auto named = [&](const Fields& fields) {
        return fields[0] == text && (number = number_of(fields[2])).has_value();
    };
    if (any_line(group, 3, named)) return *number;
    number = number_of(text);
    if (!number) return Error("the image's /etc/group has no group \"" + text + "\"");
    return *number;
}

std::vector<gid_t> groups_of(const std::string& user, const std::string& group) {
    std::vector<gid_t> groups;
    any_line(group, 4, [&](const Fields& fields) {
        const Fields members = split(fields[3], ',');
        const auto number = number_of(fields[2]);
        if (number && std::find(members.begin(), members.end(), user) != members.end()) groups.push_back(*number);
        return groups.size() == kMaxGroups;
    });
    return groups;
}

}  // namespace

Result<Account> find_account(const std::string& text, const std::string& passwd, const std::string& group) {
    if (text.empty()) {
        auto root = find_user("0", passwd);
        root->groups = groups_of(root->name, group);
        return root;
    }
    const std::size_t colon = text.find(':');
    Account account = HOSPES_TRY(find_user(text.substr(0, colon), passwd));
    if (colon == std::string::npos) {
        account.groups = groups_of(account.name, group);
    } else {
        account.group = HOSPES_TRY(find_group(text.substr(colon + 1), group));
    }
    return account;
}

std::vector<std::string> environment_of(const Account& account, const std::vector<std::string>& given) {
    std::vector<std::string> environment = given;
    struct Variable {
        std::string name, value;
    };
    const Variable defaults[] = {
        {"HOME=", account.home}, {"PATH=", kPath}, {"USER=", account.name}, {"LOGNAME=", account.name}};
    for (const Variable& variable : defaults) {
        const bool has =
            std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.starts_with(variable.name); });
        if (!has) environment.push_back(variable.name + variable.value);
    }
    return environment;
}

}  // namespace hospes::guest
