// The checks: each looks at one thing of this host, in a file of its own.
#pragma once

#include <optional>
#include <string>

#include "doctor/finding.h"
#include "engine/choice/choice.h"
#include "image/store.h"

namespace hospes::doctor {

Finding check_kvm(const engine::KvmFinding& kvm);
// `translator`: VMs will run on it, and it asks more of the processor.
Findings check_processor(bool translator);
// Whether others leave it any time.
Finding check_load();
// The limits of this process's cgroup and of those above it.
Findings check_cgroup_limits();
Finding check_free_memory();
Finding check_huge_pages();
Finding check_free_disk(const std::string& folder);
Finding check_user_namespaces();
Finding check_subordinate_ids();
Finding check_landlock();
Finding check_seccomp();
Finding check_speculation();
Finding check_io_uring();
// The programs that running and building need.
Findings check_programs();
// `store`: nothing if it cannot be used, and `why` says why.
Findings check_images(const std::optional<image::Store>& store, const std::string& why);

}  // namespace hospes::doctor
