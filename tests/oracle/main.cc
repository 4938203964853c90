// The native oracle: the same instructions on the host CPU and in an engine must come out the same.
#include <cstdio>

#include "options.h"
#include "runs.h"

int main(int count, char** words) {
    using namespace hospes::oracle;
    hospes::Result<Options> options = parse_options(count, words);
    if (!options.ok()) {
        std::fprintf(stderr, "oracle: %s\n%s", options.error().message().c_str(), usage());
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (options->list) return list_forms(*options);
    if (options->table) {
        print_table();
        return 0;
    }
    hospes::Result<bool> green = run_oracle(*options);
    if (!green.ok()) {
        std::fprintf(stderr, "oracle: %s\n", green.error().message().c_str());
        return 2;
    }
    return *green ? 0 : 1;
}
