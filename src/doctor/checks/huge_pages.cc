#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"
#include "doctor/system_files.h"

namespace hospes::doctor {

Finding check_huge_pages() {
    const std::string path = "/sys/kernel/mm/transparent_hugepage/enabled";
    const std::string text = read_text(path).value_or("");
    const std::string_view chosen = chosen_word(text);
    if (chosen == "always" || chosen == "madvise") {
        return {Topic::Memory, "hugepages.work", Severity::Ok, "guest memory lies in huge pages", "", ""};
    }
    Finding finding{Topic::Memory,
                    "hugepages.off",
                    Severity::Warning,
                    "transparent huge pages are switched off",
                    "guests that use much memory run slower: more page faults and TLB misses here",
                    write_as_root("madvise", path)};
    if (!chosen.empty()) return finding;
    finding.code = "hugepages.unavailable";
    finding.severity = Severity::Note;
    finding.summary = "this kernel has no transparent huge pages, or hides their setting";
    finding.mend = "";
    return finding;
}

}  // namespace hospes::doctor
