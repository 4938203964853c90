#include "doctor/checks/checks.h"
#include "doctor/host_files.h"
#include "doctor/system_files.h"

namespace hospes::doctor {

Finding check_free_memory() {
    // A micro VM and what it takes to run it; a VM of default size that uses all that it has.
    constexpr std::uint64_t kLeast = 192ull << 20, kGood = 768ull << 20;
    const auto available = meminfo_bytes(read_text("/proc/meminfo").value_or(""), "MemAvailable");
    if (!available) {
        return {Topic::Memory,
                "memory.unknown",
                Severity::Note,
                "/proc/meminfo does not say how much memory is free",
                "",
                ""};
    }
    Finding finding{
        Topic::Memory, "memory.enough", Severity::Ok, size_text(*available) + " of memory are free", "", ""};
    if (*available >= kGood) return finding;
    finding.code = "memory.low";
    finding.severity = *available < kLeast ? Severity::Problem : Severity::Warning;
    finding.cost =
        "a VM of 512 MiB that uses all of it is swapped or killed; ps aux --sort=-rss shows who has the rest";
    return finding;
}

}  // namespace hospes::doctor
