// What is made before the sandbox closes: the memory of the code caches, the file that profilers read,
// and files of translations.
#pragma once

#include <cstdio>
#include <memory>
#include <vector>

#include "engine/translator/cache/code_memory.h"
#include "engine/translator/saved/translation_file.h"
#include "engine/translator/saved/translation_recorder.h"

namespace hospes::translator {

struct Resources {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::vector<std::unique_ptr<CodeMemory>> code;  // of each vCPU
    std::unique_ptr<std::FILE, Close> perf_map;     // nullptr: nobody asked for it
    std::unique_ptr<TranslationFile> translations;  // nullptr: none, or none that is good here
    std::unique_ptr<TranslationRecorder> recorder;  // nullptr: nobody asked for it
};

}  // namespace hospes::translator
