// What is made before the sandbox closes: the memory of the code caches, and the file that profilers read.
#pragma once

#include <cstdio>
#include <memory>
#include <vector>

#include "engine/translator/cache/code_memory.h"

namespace hospes::translator {

struct Resources {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::vector<std::unique_ptr<CodeMemory>> code;  // of each vCPU
    std::unique_ptr<std::FILE, Close> perf_map;     // nullptr: nobody asked for it
};

}  // namespace hospes::translator
