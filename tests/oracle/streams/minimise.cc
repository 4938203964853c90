#include "streams/minimise.h"

namespace hospes::oracle {

Result<std::vector<std::string>> try_regression(NativeExecutor& native, const std::vector<Executor*>& subjects,
                                                const Regression& regression) {
    Session session(native, subjects, 0, kCodeSize / 2);
    session.set_image_seed(regression.image_seed);
    std::vector<std::string> found;
    session.set_on_mismatch([&](const Experiment&, const char* subject, const std::vector<std::string>& lines) {
        for (const std::string& line : lines) found.push_back(std::string(subject) + ": " + line);
    });
    HOSPES_TRY(session.add(regression.experiment));
    HOSPES_TRY(session.flush());
    return found;
}

Result<Regression> minimise(NativeExecutor& native, const std::vector<Executor*>& subjects, const Stream& stream,
                            std::uint64_t address, std::uint64_t image_seed) {
    std::vector<bool> dropped(stream.units);
    Regression best;
    best.image_seed = image_seed;
    link_stream(stream, dropped, address, best.experiment);
    for (bool shorter = true; shorter;) {
        shorter = false;
        // From the end: what comes after the difference goes first.
        for (std::size_t unit = stream.units; unit-- > 0;) {
            if (dropped[unit]) continue;
            dropped[unit] = true;
            Regression candidate;
            candidate.image_seed = image_seed;
            bool differs = false;
            if (link_stream(stream, dropped, address, candidate.experiment)) {
                differs = !HOSPES_TRY(try_regression(native, subjects, candidate)).empty();
            }
            if (differs) {
                best = std::move(candidate);
                shorter = true;
            } else {
                dropped[unit] = false;
            }
        }
    }
    return best;
}

}  // namespace hospes::oracle
