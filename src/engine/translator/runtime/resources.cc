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

}  // namespace

Result<std::shared_ptr<Resources>> create_resources(const EngineOptions& options, unsigned vcpus) {
    auto made = std::make_shared<Resources>();
    for (unsigned vcpu = 0; vcpu < vcpus; ++vcpu) {
        made->code.push_back(HOSPES_TRY(CodeMemory::create(options.code_cache_bytes)));
    }
    if (options.perf_map) made->perf_map.reset(open_perf_map());
    return made;
}

int perf_map_descriptor(const Resources& resources) {
    return resources.perf_map == nullptr ? -1 : ::fileno(resources.perf_map.get());
}

}  // namespace hospes::translator
