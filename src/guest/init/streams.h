// A command's standard streams: pipes, or a terminal.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"
#include "guest/init/account.h"

namespace hospes::guest {

struct Streams {
    // The command's ends. With a terminal all three are it.
    UniqueFd input, output, error;
    // Ours; they do not block. With a terminal there is no `from_error`.
    UniqueFd to_input, from_output, from_error;
};

struct Size {
    std::uint16_t rows = 0, columns = 0;
};

// The ends are the account's own, so that it can open /dev/stdin and the like.
Result<Streams> make_pipes(const Account& account);
Result<Streams> make_terminal(const Account& account, Size size);

// Changes a terminal's size, which its foreground processes are told of.
void resize(int terminal, Size size);

}  // namespace hospes::guest
