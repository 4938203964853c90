#include "engine/subjects.h"

#include "native/native_executor.h"

namespace hospes::oracle {

Result<std::vector<std::unique_ptr<Executor>>> create_subjects(const Options& options) {
    std::vector<std::unique_ptr<Executor>> subjects;
    if (options.self_test) {
        subjects.push_back(HOSPES_TRY(NativeExecutor::create()));
        return subjects;
    }
    return Error("this build has no engine; --self compares the host with itself");
}

}  // namespace hospes::oracle
