// What the program can do.
#pragma once

#include "base/result.h"
#include "options.h"

namespace hospes::oracle {

// Prints the table of groups, or of all forms. Returns the exit status.
int list_forms(const Options& options);

// Prints the table of groups as it stands in docs/oracle-forms.md.
void print_table();

// Runs forms, streams or regressions as asked. True: all as it should be; with --break that means red.
Result<bool> run_oracle(const Options& given);

}  // namespace hospes::oracle
