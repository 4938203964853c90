#include "sandbox/landlock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sandbox/in_child.h"
#include "sandbox/privileges.h"

namespace hospes::sandbox {
namespace {

class Landlock : public ::testing::Test {
  protected:
    void SetUp() override {
        if (landlock_support().state != LandlockSupport::State::Works) GTEST_SKIP() << landlock_support().text();
    }
    // Whether `act` fails with `error` where the files are denied, and does not where they are not.
    static void denied(int error, const std::function<long()>& act) {
        EXPECT_TRUE(fine(in_child([&] { return act() >= 0 ? 0 : 1; })));
        EXPECT_TRUE(fine(in_child([&] {
            if (!forbid_new_privileges().ok() || !deny_files_and_network().ok()) return 2;
            return act() == -1 && errno == error ? 0 : 1;
        })));
    }
};

TEST_F(Landlock, DeniesReading) {
    denied(EACCES, [] { return ::open("/proc/version", O_RDONLY); });
    denied(EACCES, [] { return ::open("/", O_RDONLY | O_DIRECTORY); });
}

TEST_F(Landlock, DeniesWriting) {
    denied(EACCES, [] { return ::open("/dev/null", O_WRONLY); });
    denied(EACCES, [] {
        const std::string name = "/tmp/hospes-landlock-" + std::to_string(::getpid());
        const int made = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
        const int error = errno;
        ::unlink(name.c_str());
        errno = error;
        return made;
    });
}

TEST_F(Landlock, DeniesPrograms) {
    denied(EACCES, [] {
        char name[] = "true";
        char* const words[] = {name, nullptr};
        return ::execv("/bin/true", words);  // does not come back where it may
    });
}

TEST_F(Landlock, LeavesWhatIsOpen) {
    EXPECT_TRUE(fine(in_child([] {
        const int open = ::open("/proc/version", O_RDONLY);
        if (!forbid_new_privileges().ok() || !deny_files_and_network().ok()) return 2;
        char byte;
        return ::read(open, &byte, 1) == 1 ? 0 : 1;
    })));
}

TEST_F(Landlock, DeniesTcp) {
    if (landlock_support().version < 4) GTEST_SKIP() << landlock_support().text();
    denied(EACCES, [] {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        return ::bind(::socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&any), sizeof any);
    });
}

TEST_F(Landlock, DeniesSignalsToOthers) {
    if (landlock_support().version < 6) GTEST_SKIP() << landlock_support().text();
    denied(EPERM, [] { return ::kill(::getppid(), 0); });
}

}  // namespace
}  // namespace hospes::sandbox
