#include "engine/choice/choice.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hospes::engine {
namespace {

TEST(ProbeKvm, AbsentDevice) {
    const KvmFinding finding = probe_kvm("/nonexistent/kvm");
    EXPECT_EQ(finding.kind, KvmFinding::Absent);
    EXPECT_NE(finding.detail.find("/nonexistent/kvm is absent"), std::string::npos) << finding.detail;
    EXPECT_NE(finding.detail.find("; "), std::string::npos) << finding.detail;
}

TEST(ProbeKvm, AnotherDeviceInItsPlace) {
    const KvmFinding finding = probe_kvm("/dev/null");
    EXPECT_EQ(finding.kind, KvmFinding::Broken);
    EXPECT_NE(finding.detail.find("is not KVM"), std::string::npos) << finding.detail;
}

TEST(ProbeKvm, NoPermission) {
    char path[] = "/tmp/hospes-kvm-XXXXXX";
    const int file = ::mkstemp(path);
    ASSERT_GE(file, 0);
    ::close(file);
    ASSERT_EQ(::chmod(path, 0), 0);
    const uid_t self = ::geteuid();
    constexpr uid_t kNobody = 65534;
    if (self == 0) {  // who may open anything
        EXPECT_EQ(::seteuid(kNobody), 0);
    }
    const KvmFinding finding = probe_kvm(path);
    if (self == 0) {
        EXPECT_EQ(::seteuid(self), 0);
    }
    ::unlink(path);
    EXPECT_EQ(finding.kind, KvmFinding::NoPermission);
    EXPECT_NE(finding.detail.find("group kvm"), std::string::npos) << finding.detail;
}

}  // namespace
}  // namespace hospes::engine
