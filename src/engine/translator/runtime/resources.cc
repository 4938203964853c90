#include "engine/translator/runtime/resources.h"

#include <unistd.h>

#include <string>

#include "base/log.h"
#include "engine/translator/engine.h"

namespace hospes::translator {

namespace {

std::FILE* open_perf_map() {
    const std::string path = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) {
        log_line("cannot write %s: profilers will not name blocks", path.c_str());
        return nullptr;
    }
    std::setvbuf(file, nullptr, _IOFBF, BUFSIZ);  // now, since its allocation asks for the file's block size
    return file;
}

Result<std::unique_ptr<TranslationFile>> open_translations(const std::string& path) {
    auto file = HOSPES_TRY(TranslationFile::open(path));
    if (file == nullptr) log_line("%s is no whole file of translations: all is translated anew", path.c_str());
    return file;
}

}  // namespace

Result<std::shared_ptr<Resources>> create_resources(const EngineOptions& options, unsigned vcpus) {
    auto made = std::make_shared<Resources>();
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) {
        made->code.push_back(HOSPES_TRY(CodeMemory::create(options.code_cache_bytes)));
    }
    if (options.perf_map) made->perf_map.reset(open_perf_map());
    if (!options.translations.empty()) made->translations = HOSPES_TRY(open_translations(options.translations));
    if (!options.save_translations.empty()) {
        made->recorder = HOSPES_TRY(TranslationRecorder::create(options.save_translations));
    }
    return made;
}

std::vector<int> descriptors(const Resources& resources) {
    std::vector<int> all;
    if (resources.perf_map != nullptr) all.push_back(::fileno(resources.perf_map.get()));
    if (resources.recorder != nullptr) all.push_back(resources.recorder->descriptor());
    return all;
}

Result<void> save_translations(Resources& resources) {
    return resources.recorder == nullptr ? Result<void>() : resources.recorder->write();
}

}  // namespace hospes::translator
