// The whole of hospes-vmm behind main().
#pragma once

namespace hospes::vmm {

// Gives the exit status; every way out has said in one line on standard error what happened.
int run(int count, const char* const* words);

}  // namespace hospes::vmm
