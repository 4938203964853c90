// `hospes doctor` runs this program here and as the only process of a VM, and compares. It says on standard output:
//
//   hospes-speed 1 begin
//   hospes-speed int 4218334 9c0f0a3bd1e2c4a5     class, nanoseconds of its fastest unit, checksum
//   ...
//   hospes-speed end
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "guest/init/say.h"
#include "guest/speed/kernels.h"

namespace {

using namespace hospes::guest;
using namespace hospes::guest::speed;

// How long each class is measured, after one unit that warms everything up, unless the only argument says otherwise.
constexpr std::uint64_t kMilliseconds = 200;
// Enough to find a quiet moment, where a unit takes long.
constexpr unsigned kFewestUnits = 3;

struct Class {
    const char* name;
    std::uint64_t (*unit)();
};

// Memory comes last: processes that are forked with it would be dear.
constexpr Class kClasses[] = {
    {"int", int_unit}, {"fp", fp_unit}, {"simd", simd_unit}, {"sys", sys_unit}, {"mem", mem_unit},
};

std::uint64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void print(const std::string& line) {
    const std::string all = line + "\n";
    if (::write(STDOUT_FILENO, all.data(), all.size()) < 0) ::_exit(1);  // nobody listens
}

// The fastest of many units: what others take of the machine meanwhile does not count.
void measure(const Class& measured, std::uint64_t budget) {
    const std::uint64_t checksum = measured.unit();
    bool same = true;
    std::uint64_t fastest = UINT64_MAX;
    const std::uint64_t begin = now();
    std::uint64_t last = begin;
    for (unsigned units = 0; units < kFewestUnits || last - begin < budget; ++units) {
        same = measured.unit() == checksum && same;
        const std::uint64_t end = now();
        fastest = std::min(fastest, end - last);
        last = end;
    }
    char line[96];
    std::snprintf(line, sizeof line, "hospes-speed %s %" PRIu64 " %016" PRIx64, measured.name, fastest,
                  same ? checksum : ~checksum);
    print(line);
}

}  // namespace

int main(int count, char** words) {
    const std::uint64_t budget = (count == 2 ? std::strtoull(words[1], nullptr, 10) : kMilliseconds) * 1'000'000;
    print("hospes-speed " + std::to_string(kWorkload) + " begin");
    for (const Class& one : kClasses) measure(one, budget);
    print("hospes-speed end");
    if (::getpid() == 1) power_off();
}
