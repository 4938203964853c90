// Commands that mend something, as the user who asks has to type them.
#pragma once

#include <string>

namespace hospes::doctor {

// `command` with root's rights: as it is for root, else by sudo, or by su where there is no sudo. A simple command: no
// pipes, no quotes.
std::string as_root(const std::string& command);

// Writes `text` to a file as root.
std::string write_as_root(const std::string& text, const std::string& path);

// Installs packages, names separated by spaces.
std::string install(const std::string& packages);

// The user's login name, or the number if there is none.
std::string user_name();

// Where the program `name` is, in PATH or where only root looks; "" if it is not there.
std::string find_program(const std::string& name);

}  // namespace hospes::doctor
