// What is made before the sandbox closes: the memory of the code cache, and the file that profilers read.
#pragma once

#include <cstdio>
#include <memory>

#include "engine/translator/cache/code_memory.h"

namespace hospes::translator {

struct Resources {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::unique_ptr<CodeMemory> code;
    std::unique_ptr<std::FILE, Close> perf_map;  // nullptr: nobody asked for it
};

}  // namespace hospes::translator
