// The whole of `hospes` behind main().
#pragma once

namespace hospes::cli {

// Gives the exit status; every way out that is no success has said in one line on standard error what happened.
int run(int count, const char* const* words);

}  // namespace hospes::cli
