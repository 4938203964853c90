#include "cli/program.h"

int main(int count, char** words) { return hospes::cli::run(count, words); }
